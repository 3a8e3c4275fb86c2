"""The forms in which deployed servers of the API answer (DESIGN 3.2), put before a real server.

A proxy rewrites what the reference server answers: `/api` instead of `/api/v1`, bare or keyed answers, errors
as text, a web page for unknown paths, tokens one level down, other words for states, no `version`, no `/ws`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_DROPPED = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "etag", "x-request-id"}
_PAGE = b"<!DOCTYPE html><html><body><h1>Cannot find it</h1></body></html>"
_HOURS = 3600


@dataclass(frozen=True)
class Form:
    """How a server answers.

    Attributes:
        keyed: objects and lists under the resource's key, the list's place beside it; else bare.
        expires_in: how `expiresIn` is written, from its seconds.
        words: the server's words for documented states and priorities of tasks.
        fails_after_posts: a POST takes effect, and is answered with 500.
    """

    name: str
    keyed: bool
    expires_in: Callable[[float], Any]
    words: dict[str, str] = field(default_factory=dict)
    fails_after_posts: bool = False

    @property
    def documented(self) -> bool:
        """Whether it is the document's own."""
        return False

    @property
    def paginates(self) -> bool:
        """Whether lists tell where their page stands."""
        return self.keyed

    @property
    def says(self) -> Callable[[str], str]:
        """The server's word for a documented one."""
        return lambda word: self.words.get(word, word)

    def version(self, _: int) -> int | None:
        """What a task's version is."""
        return None


class _Documented(Form):
    @property
    def documented(self) -> bool:
        return True

    @property
    def paginates(self) -> bool:
        return True

    def version(self, number: int) -> int | None:
        return number


FORMS = {
    form.name: form
    for form in (
        _Documented("documented", keyed=True, expires_in=float),
        Form(
            "bare",
            keyed=False,
            expires_in=lambda seconds: f"{max(1, round(seconds / _HOURS))}h",
            words={"active": "in_progress", "pending": "assigned", "high": "critical"},
        ),
        Form(
            "keyed",
            keyed=True,
            expires_in=lambda seconds: str(round(seconds)),
            words={"pending": "blocked", "completed": "done", "failed": "error", "cancelled": "canceled"},
        ),
        Form("keyed, seconds", keyed=True, expires_in=lambda seconds: seconds),
    )
}


@dataclass(frozen=True)
class Place:
    """Where to find a server that answers in a form; `posts` are the paths of the POSTs that came."""

    url: str
    prefix: str
    form: Form
    admin_email: str
    admin_password: str | None
    posts: list[str] = field(default_factory=list)


FAILING = Form("500 after the commit", keyed=True, expires_in=float, fails_after_posts=True)


@contextmanager
def speaking(server: Any, form: Form) -> Iterator[Place]:
    """`server` (a `ServerProcess`) as one that answers in `form`."""
    if form.documented:
        yield Place(server.url, "/api/v1", form, server.admin_email, server.admin_password)
        return
    posts: list[str] = []
    handler = type("Proxy", (_Proxy,), {"upstream": server, "form": form, "posts": posts})
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    proxy.daemon_threads = True
    thread = threading.Thread(target=lambda: proxy.serve_forever(poll_interval=0.05), daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{proxy.server_address[1]}"
        yield Place(url, "/api", form, server.admin_email, server.admin_password, posts)
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join(5)


class _Proxy(BaseHTTPRequestHandler):
    """Forwards each request to `upstream` and answers it in `form`."""

    upstream: Any
    form: Form
    posts: list[str]
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self._body()
        path = urlsplit(self.path).path
        if not path.startswith("/api/"):
            self._send(404, "text/html", _PAGE)
            return
        try:
            status, kind, content = self._forward(body)
        except OSError:
            self._send(502, "text/html", _PAGE)
            return
        if self.command == "POST":
            self.posts.append(path)
        if self.form.fails_after_posts and self.command == "POST":
            status, kind, content = 500, "application/json", b'{"error":"Internal Server Error"}'
        elif kind.startswith("application/json"):
            status, kind, content = rewritten(self.form, path, status, content)
        self._send(status, kind, content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _forward(self, body: bytes) -> tuple[int, str, bytes]:
        upstream = HTTPConnection("127.0.0.1", int(self.upstream.url.rpartition(":")[2]), timeout=20)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
            upstream.request(self.command, self.path.replace("/api/", "/api/v1/", 1), body or None, headers)
            answer = upstream.getresponse()
            return answer.status, answer.headers.get("content-type", ""), answer.read()
        finally:
            upstream.close()

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response_only(status)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing to standard error."""


def rewritten(form: Form, path: str, status: int, content: bytes) -> tuple[int, str, bytes]:
    """An answer of the reference server as the form has it: status, media type, body."""
    raw = json.loads(content)
    if raw["success"] is False:
        if raw["error"]["message"].startswith("There is nothing at"):
            return status, "text/html", _PAGE
        return status, "application/json", json.dumps(_as_text(raw["error"])).encode()
    data = raw["data"]
    if path.endswith(("/auth/login", "/auth/refresh")):
        value: Any = _nested_tokens(form, data)
    elif isinstance(data, list):
        value = _list(form, path, [_worded(form, path, item) for item in data], raw.get("pagination"))
    else:
        item = _worded(form, path, data)
        value = {_key(path, many=False): item, "message": "ok"} if form.keyed else item
    return status, "application/json", json.dumps(value).encode()


def _as_text(error: dict[str, Any]) -> dict[str, Any]:
    told = "; ".join(
        message
        for messages in (error.get("details") or {}).values()
        for message in (messages if isinstance(messages, list) else [messages])
    )
    return {"error": error["message"], "message": told or error["message"], "code": error["code"]}


def _nested_tokens(form: Form, data: dict[str, Any]) -> dict[str, Any]:
    tokens = {name: data[name] for name in ("accessToken", "refreshToken")}
    return {"user": data.get("user"), "token": tokens | {"expiresIn": form.expires_in(data["expiresIn"])}}


def _list(form: Form, path: str, items: list[Any], pagination: dict[str, Any] | None) -> Any:
    if not form.keyed:
        return items
    place = pagination or {}
    beside = {name: place[name] for name in ("total", "page", "limit") if name in place}
    return {_key(path, many=True): items} | beside | {"totalPages": place.get("pages")}


_KEYS = {
    "comments": "comment",
    "files": "file",
    "members": "member",
    "api-keys": "apiKey",
    "assign": "task",
    "enable": "agent",
    "disable": "agent",
    "health": "health",
    "metrics": "metrics",
    "status": "status",
    "me": "user",
    "avatar": "user",
    "read": "notification",
    "tasks": "task",
    "agents": "agent",
    "projects": "project",
    "users": "user",
    "webhooks": "webhook",
}


def _key(path: str, *, many: bool) -> str:
    """The resource's key: that of the last segment that names one."""
    segments = [segment for segment in path.split("/") if segment]
    if many:
        return segments[-1]
    known = [segment for segment in segments if segment in _KEYS]
    return _KEYS[segments[-1]] if segments[-1] in _KEYS else _KEYS[known[-1]]


_ABOUT_TASKS = re.compile(r"/tasks(/[^/]+(/assign)?)?$")


def _worded(form: Form, path: str, item: Any) -> Any:
    """An object in the form's words; only tasks have others."""
    if not isinstance(item, dict) or not _ABOUT_TASKS.search(path):
        return item
    told = {name: value for name, value in item.items() if name != "version"}
    for name in ("status", "priority"):
        told[name] = form.says(told[name])
    return told
