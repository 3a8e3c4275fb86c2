"""What commands print: data on standard output, remarks on standard error. Formats are chosen here alone."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .style import is_live, is_terminal
from .text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .selection import Selection
    from .table import Column, Field

__all__ = [
    "Format",
    "is_live",
    "is_terminal",
    "put",
    "remark",
    "show_fields",
    "show_json",
    "show_list",
    "show_one",
    "tell",
]


class Format(StrEnum):
    """How data is printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    YAML = "yaml"
    CSV = "csv"
    TSV = "tsv"
    ID = "id"


def put(text: str) -> None:
    """Write a line of data, at once."""
    print(text, flush=True)  # noqa: T201 - data goes to standard output


def remark(text: str) -> None:
    """Tell something that is no data."""
    tell(one_line(text))


def tell(text: str) -> None:
    """Write a line, safe already, to standard error; nowhere if that is closed."""
    if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison] - closed by the caller (`2>&-`)
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def show_list(
    items: Sequence[Any], columns: Sequence[Column[Any]], form: Format, select: Selection | None = None
) -> None:
    """Print a list: an array, or a line for each."""
    if select is not None and select.fields:
        from .table import Column, selected

        select.check(items)
        columns = [Column(path, selected(path)) for path in select.fields]
    if form in _WHOLE or (select is not None and select.jq is not None):
        from .selection import data_of

        data = [select.data(item) if select else data_of(item) for item in items]
        _show_data(data, form, select)
    elif form is Format.ID:
        from .records import put_ids

        put_ids(items)
    else:
        from .table import print_rows

        print_rows(items, columns, form)


def show_one(
    item: Any,
    fields: Callable[[Any], Iterable[Field]] | None,
    form: Format,
    select: Selection | None = None,
) -> None:
    """Print one object: as it is, or a line for each of its fields; without `fields`, of all that it has."""
    if select is not None:
        select.check([item])
    if form in _WHOLE or (select is not None and select.jq is not None):
        from .selection import data_of

        _show_data(select.data(item) if select else data_of(item), form, select, many=False)
    elif form is Format.ID:
        from .records import put_ids

        put_ids([item])
    else:
        from .table import all_fields

        chosen = select.rows(item) if select is not None and select.fields else None
        told = all_fields(item) if fields is None else fields(item)
        show_fields(all_fields(chosen, plain=True) if chosen is not None else told, form)


_WHOLE = frozenset({Format.JSON, Format.JSONL, Format.YAML})


def _show_data(data: Any, form: Format, select: Selection | None, *, many: bool = True) -> None:
    if select is not None and select.jq is not None:
        from .records import put_jq

        put_jq(select.jq, data)
    elif form is Format.YAML:
        from .records import put_yaml

        put_yaml(data)
    elif form is Format.JSONL:
        for item in data if many else [data]:
            show_json(item, indent=None)
    else:
        show_json(data)


def show_fields(fields: Iterable[Field], form: Format = Format.TABLE) -> None:
    """Print a line for each field."""
    from .table import print_fields

    print_fields(fields, form)


def show_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a JSON value; `indent=None` on one line."""
    from .json import dumps

    put(dumps(value, indent=indent))
