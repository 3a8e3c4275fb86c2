"""Data for other programs: CSV, YAML, lines of ids, and what `--jq` makes."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final, cast

from ..errors import UsageError
from . import put
from .json import OBEYED, dumps
from .selection import data_of, run_jq
from .text import paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_IDENTIFYING: Final = ("id", "userId", "name")


def flat(value: Any) -> Any:
    """A value for a cell: what has parts becomes JSON, but for lists of plain values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    parts: list[Any] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] - JSON
    nested = isinstance(value, dict) or any(isinstance(one, (dict, list)) for one in parts)
    return json.dumps(value, ensure_ascii=False) if nested else cast("Any", value)


def put_csv(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Comma-separated values under their titles; what a spreadsheet would compute is made text."""
    put(_csv([titles, *([_harmless(one) for one in row] for row in rows)]))


def put_csv_row(row: Sequence[str]) -> None:
    """A line of such values alone."""
    put(_csv([[_harmless(one) for one in row]]))


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().removesuffix("\n")


def _harmless(text: str) -> str:
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def put_yaml(value: Any) -> None:
    """YAML; characters that a terminal would obey are escaped."""
    from importlib import import_module

    yaml: Any = import_module("yaml")
    harmless = OBEYED.search(json.dumps(value, ensure_ascii=False)) is None
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=harmless, width=2**31)
    put(text.removesuffix("\n").removesuffix("\n..."))


def put_ids(items: Sequence[Any]) -> None:
    """The id of each, a line each.

    Raises:
        UsageError: they have none.
    """
    for item in items:
        data = data_of(item)
        found = next((data[name] for name in _IDENTIFYING if data.get(name) is not None), None)
        if found is None:
            raise UsageError("-o id: this has no id")
        put(paragraphs(str(found)))


def put_jq(program: str, value: Any) -> None:
    """What a jq program makes: texts as they are, all else as JSON, a line each."""
    for result in run_jq(program, value):
        put(paragraphs(result) if isinstance(result, str) else dumps(result, indent=None))
