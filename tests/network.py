"""What stands between a client and a server in a company: a proxy, and TLS under a private authority."""

from __future__ import annotations

import base64
import select
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import trustme


class _Listener:
    """Takes connections on loopback, each in a thread of its own, until it is left."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._closed = False

    def __enter__(self) -> Any:
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in [self._acceptor, *self._threads]:
            thread.join(5)

    def _accept(self) -> None:
        while not self._closed:
            try:
                taken, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(taken,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, taken: socket.socket) -> None:
        self._open.add(taken)
        try:
            self.serve(taken)
        except OSError:
            pass  # a side went away: as on any network
        finally:
            self._open.discard(taken)
            taken.close()

    def serve(self, taken: socket.socket) -> None:
        raise NotImplementedError


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until either side ends."""
    ends = {one: other, other: one}
    while True:
        held = [side for side in ends if isinstance(side, ssl.SSLSocket) and side.pending()]
        for side in held or select.select(list(ends), [], [], 10)[0]:
            data = side.recv(65536)
            if not data:
                return
            ends[side].sendall(data)


@dataclass
class Seen:
    """A request that came to a proxy."""

    method: str
    target: str
    authorization: str | None


class Proxy(_Listener):
    """An HTTP proxy: CONNECT, and plain requests with the whole address.

    Args:
        credentials: `user:password` that it wants, or None.
    """

    def __init__(self, credentials: str | None = None) -> None:
        super().__init__()
        self.url = f"http://{credentials + '@' if credentials else ''}127.0.0.1:{self.port}"
        self.seen: list[Seen] = []
        self._wanted = f"Basic {base64.b64encode(credentials.encode()).decode()}" if credentials else None

    def serve(self, taken: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            part = taken.recv(65536)
            if not part:
                return
            head += part
        first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.seen.append(Seen(method, target, headers.get("authorization") or headers.get("x-api-key")))
        if self._wanted is not None and headers.get("proxy-authorization") != self._wanted:
            taken.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        place = target if method == "CONNECT" else target.split("/")[2]
        port = int(place.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as upstream:
            if method == "CONNECT":
                taken.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                # One request a connection: the next one would need its first line rewritten too.
                path = "/" + target.split("/", 3)[3]
                rest = head.partition(b"\r\n")[2]
                upstream.sendall(f"{method} {path} HTTP/1.1\r\nConnection: close\r\n".encode() + rest)
            _pump(taken, upstream)


class TlsFront(_Listener):
    """TLS before a plain server.

    Args:
        port: of the plain server on loopback.
        authority: signs its certificate, which is for `localhost`.
        wants_client_certificate: whether the client must show one of the authority's.
        begin: what each handshake waits for, if anything.
    """

    def __init__(
        self,
        port: int,
        authority: trustme.CA,
        *,
        wants_client_certificate: bool = False,
        begin: threading.Event | None = None,
    ) -> None:
        super().__init__()
        self._upstream = port
        self._begin = begin
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self._context)
        if wants_client_certificate:
            authority.configure_trust(self._context)
            self._context.verify_mode = ssl.CERT_REQUIRED
        self.url = f"https://localhost:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    def serve(self, taken: socket.socket) -> None:
        if self._begin is not None:
            self._begin.wait(10)
        with (
            self._context.wrap_socket(taken, server_side=True) as secured,
            socket.create_connection(("127.0.0.1", self._upstream), timeout=10) as upstream,
        ):
            self._open.add(secured)
            try:
                _pump(secured, upstream)
            finally:
                self._open.discard(secured)
