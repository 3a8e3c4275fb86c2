"""JSON as it came from the server; never through Rich, which would wrap it."""

from __future__ import annotations

import json
import re
import sys
from typing import Any, Final

# Valid in JSON as they are, but obeyed by terminals.
OBEYED: Final = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def dumps(value: Any, *, indent: int | None = 2) -> str:
    """`value` as JSON that a terminal can show; `indent=None` writes one line."""
    ascii_only = not (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    return OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
