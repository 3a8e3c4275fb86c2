"""What the system tells of this process."""

from __future__ import annotations

import os
import time
from pathlib import Path

_STATM = Path("/proc/self/statm")


def resident_memory() -> int | None:
    """Bytes of memory in use now; None where the system doesn't tell without another package."""
    if not _STATM.exists():
        return None
    return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def seconds_of_cpu() -> float:
    """Seconds of processor time used so far."""
    return round(time.process_time(), 3)
