"""What the canned server answers: recorded answers as they are, and pages made of them by number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

RECORDED: Final = Path(__file__).with_name("recorded")
PAGE_SIZE: Final = 100

# Those of the reference server: a client reads all of them.
_HEADERS: Final = (
    b"date: Tue, 24 Nov 2026 18:19:49 GMT\r\n"
    b'etag: W/"b92e4b9fd14d49b55e31db1b8531874c"\r\n'
    b"content-length: %d\r\n"
    b"content-type: application/json\r\n"
    b"x-request-id: req-6f90cc7c438fa1d0\r\n"
    b"x-ratelimit-limit: 100000\r\n"
    b"x-ratelimit-remaining: 99999\r\n"
    b"x-ratelimit-reset: 1795546800\r\n"
    b"x-ratelimit-window: 3600\r\n"
    b"x-ratelimit-burst-remaining: 999\r\n"
    b"\r\n"
)


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    """A whole HTTP answer with this JSON body."""
    return b"HTTP/1.1 " + status + b"\r\n" + _HEADERS % len(body) + body


def recorded(name: str) -> bytes:
    """The body in `recorded/`."""
    return (RECORDED / f"{name}.json").read_bytes()


def page_body(number: int, pages: int) -> bytes:
    """Page `number` of `pages`, each of 100 tasks; no two tasks have the same id."""
    first = (number - 1) * PAGE_SIZE
    pagination = {
        "page": number,
        "limit": PAGE_SIZE,
        "total": pages * PAGE_SIZE,
        "pages": pages,
        "hasNext": number < pages,
        "hasPrev": number > 1,
    }
    return _PAGE % (*range(first, first + PAGE_SIZE), _compact(pagination).encode())


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _page_template() -> bytes:
    """A page with a place for each task's number, then one for where the page stands."""
    whole = json.loads(recorded("tasks"))
    samples = whole["data"]
    whole["data"] = [samples[index % len(samples)] | {"id": "task-NUMBER"} for index in range(PAGE_SIZE)]
    whole["pagination"] = "PAGINATION"
    text = _compact(whole).replace("%", "%%").replace("task-NUMBER", "task-%07d")
    return text.replace('"PAGINATION"', "%b").encode()


_PAGE: Final = _page_template()
