"""What one request takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .http import Line


def asked_milliseconds(line: Line, request: bytes) -> float:
    """From the request's first byte to the answer's last."""
    started = time.perf_counter()
    line.ask(request)
    return (time.perf_counter() - started) * 1000
