"""Receive webhooks: a small server that verifies each delivery before it believes it, and handles it once."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from coordinaitor_sdk import Coordinaitor, TaskEvent, WebhookEvent, webhooks

SECRET = "a-secret-of-your-own"
receiver = webhooks.Receiver(SECRET, max_age=90_000, memory=webhooks.LocalMemory())
told = threading.Event()


def handle(event: WebhookEvent) -> None:
    if isinstance(event, TaskEvent):
        print(f"{event.event}: {event.data.title}")
    told.set()


class Site(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = receiver.receive(body, self.headers, handle)
        self.send_response(answer.status)
        self.end_headers()
        self.wfile.write(answer.text.encode())

    def log_message(self, *_: object) -> None:
        """Only what is delivered is printed."""


with HTTPServer(("127.0.0.1", 0), Site) as site, Coordinaitor() as client:
    threading.Thread(target=site.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{site.server_port}/hook"
    client.webhooks.create(url, ["task.created"], secret=SECRET)
    client.tasks.create(title="Tell me about it")
    told.wait(20)
    site.shutdown()
