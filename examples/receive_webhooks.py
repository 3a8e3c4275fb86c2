"""Receive webhooks: a small server that verifies each delivery before it believes it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from coordinaitor_sdk import Coordinaitor, TaskEvent, WebhookSignatureError, webhooks

SECRET = "a-secret-of-your-own"
told = threading.Event()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            webhooks.verify(body, self.headers.get(webhooks.SIGNATURE_HEADER), SECRET)
        except WebhookSignatureError:
            self.send_response(401)
        else:
            event = webhooks.parse(body)
            if isinstance(event, TaskEvent):
                print(f"{event.event}: {event.data.title}")
            told.set()
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Only what is delivered is printed."""


with HTTPServer(("127.0.0.1", 0), Receiver) as receiver, Coordinaitor() as client:
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    client.webhooks.create(url, ["task.created"], secret=SECRET)
    client.tasks.create(title="Tell me about it")
    told.wait(20)
    receiver.shutdown()
