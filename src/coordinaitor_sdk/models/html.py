"""Models as HTML, for notebooks. Every text is escaped: a server's strings are not trusted.

What a model's repr leaves out, credentials above all, is left out here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from math import isfinite
from typing import Any, Final, cast

from pydantic import BaseModel

_LONGEST: Final = 300
_ROWS: Final = 100
_WIDEST: Final = 8
_DEEPEST: Final = 2
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# What a list of tasks shows; other lists show their first fields.
_TASK_COLUMNS: Final = (
    "id", "title", "status", "priority", "progress", "agent_id", "project_id", "updated_at",
)  # fmt: skip


def text(value: object) -> str:
    """A value as text in HTML: no markup, no control characters, nothing that turns the writing round."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.isoformat(" ", "seconds")
    found = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return escape(found if len(found) <= _LONGEST else f"{found[:_LONGEST]}…")


def bar(fraction: object) -> str:
    """A progress bar and its percentage; anything but a number is shown as it is."""
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float)):
        return text(fraction)
    shown = min(1.0, max(0.0, fraction)) if isfinite(fraction) else 0.0
    return f'<progress value="{shown:.4f}" max="1"></progress> {shown:.0%}'


def framed(*parts: str) -> str:
    """The parts as one output; formulas in dollar signs are not typeset, as a title may have two prices."""
    return f'<div class="tex2jax_ignore mathjax_ignore">{"".join(parts)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; `head` is text."""
    header = "".join(f"<th>{text(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"


def card(model: BaseModel) -> str:
    """One object: its fields below each other, those without a value left out."""
    return framed(f"<b>{text(type(model).__name__)}</b>", _fields(model, 0))


def listing(items: Sequence[object], total: object = None) -> str:
    """A page of objects: a row each; `total` is how many there are on all pages."""
    count = f"{len(items)} of {text(total)}" if isinstance(total, int) else str(len(items))
    more = f"<div>… and {len(items) - _ROWS} more on this page</div>" if len(items) > _ROWS else ""
    return framed(f"<div>{count}</div>", _rows(items[:_ROWS], 0), more)


def _shown(model: BaseModel) -> dict[str, Any]:
    return {name: value for name, value in model.__repr_args__() if name is not None and value is not None}


def _fields(model: BaseModel, depth: int) -> str:
    rows = "".join(
        f"<tr><th>{text(name)}</th><td>{_cell(name, value, depth)}</td></tr>"
        for name, value in _shown(model).items()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _rows(items: Sequence[object], depth: int) -> str:
    found = [_shown(item) if isinstance(item, BaseModel) else {"": item} for item in items]
    present = list(dict.fromkeys(name for row in found for name in row))
    tasks = bool(items) and type(items[0]).__name__ == "Task"
    wanted = _TASK_COLUMNS if tasks else present[:_WIDEST]
    columns = [name for name in wanted if name in present]
    return table(columns, ([_cell(name, row.get(name), depth + 1) for name in columns] for row in found))


def _cell(name: str, value: object, depth: int) -> str:
    if name == "progress":
        return bar(value)
    if isinstance(value, BaseModel) and depth < _DEEPEST:
        return _fields(value, depth + 1)
    if isinstance(value, list):
        items = cast("list[object]", value)
        if depth < _DEEPEST and any(isinstance(item, BaseModel) for item in items):
            return _rows(items[:_ROWS], depth + 1)
        return text(", ".join(map(str, items)))
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return text(", ".join(f"{key}: {one}" for key, one in pairs.items()))
    return text(value)
