"""A server of plain sockets that answers before it has read a body, as real ones do at their worst."""

import socket
import struct
import threading
from contextlib import contextmanager

BODY = b'{"error": "too large for us"}'
ANSWER = b"HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(BODY)
CLOSING = ANSWER + b"Connection: close\r\n\r\n" + BODY
KEPT = ANSWER + b"\r\n" + BODY

READ_FIRST = 64 * 1024


class Refusing:
    """What it does: reads the first 64 kB, sends `answer`, then ends as `ends` says.

    Attributes:
        url: its address.
        ends: "reset", "half-close", "open" (it reads no more, and closes nothing), or "read" (it reads on).
        reads: bytes it reads before it answers.
        read: bytes it read, of all connections.
        requests: connections that were made.
        idle: one has ended.
    """

    def __init__(self, answer: bytes, ends: str, reads: int, port: int) -> None:
        self.answer = answer
        self.ends = ends
        self.reads = reads
        self.read = 0
        self.requests = 0
        self.over = threading.Event()
        self.idle = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _run(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.requests += 1
            with connection:
                connection.settimeout(5)
                self._serve(connection)
            self.idle.set()

    def _serve(self, connection):
        try:
            left = self.reads
            while left > 0 and (got := len(connection.recv(4096))):
                left -= got
                self.read += got
            connection.sendall(self.answer)
            if self.ends == "reset":
                # What was not read would do it, too; so it is certain.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif self.ends == "half-close":
                connection.shutdown(socket.SHUT_WR)
                self.over.wait(5)
            elif self.ends == "open":
                self.over.wait(5)
            else:
                while got := len(connection.recv(65536)):
                    self.read += got
        except OSError:
            return


@contextmanager
def refusing(answer: bytes = CLOSING, *, ends: str = "reset", reads: int = READ_FIRST, port: int = 0):
    """Such a server, for the length of a block."""
    with Refusing(answer, ends, reads, port) as server:
        yield server
