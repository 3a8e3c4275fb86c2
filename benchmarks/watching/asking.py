"""The frame server as a process, and how it is told what to do."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from benchmarks.processes import Child

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def frame_server(tasks: int) -> Iterator[str]:
    """The URL of a frame server with so many tasks, up while inside."""
    with Child("watching.serving", str(tasks)) as server:
        yield f"http://127.0.0.1:{server.read()}"


def control(url: str, *parts: object) -> dict[str, Any]:
    """Have the frame server do something; see `serving`."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        connection.request("GET", f"/control/{'/'.join(map(str, parts))}")
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer
