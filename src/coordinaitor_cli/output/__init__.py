"""What commands print: data on standard output, remarks on standard error. Formats are chosen here alone."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from .text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from coordinaitor_sdk.models.common import Model

    from .table import Column, Field

    M = TypeVar("M", bound=Model)


class Format(StrEnum):
    """How data is printed."""

    TABLE = "table"
    JSON = "json"


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()  # pyright: ignore[reportUnnecessaryComparison] - closed by the caller (`>&-`)


def is_live() -> bool:
    """Whether standard output is a terminal that can move its cursor."""
    return is_terminal() and os.environ.get("TERM", "").lower() not in {"dumb", "unknown"}


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


def show_list(items: Sequence[M], columns: Sequence[Column[M]], form: Format) -> None:
    """Print a list: an array, or a line for each."""
    if form is Format.JSON:
        from .json import dumps

        put(dumps([item.to_dict() for item in items]))
        return
    from .table import print_rows

    print_rows(items, columns)


def show_one(item: M, fields: Callable[[M], Iterable[Field]], form: Format) -> None:
    """Print one object: as it is, or a line for each of its fields."""
    if form is Format.JSON:
        show_json(item.to_dict())
    else:
        show_fields(fields(item))


def show_fields(fields: Iterable[Field]) -> None:
    """Print a line for each field."""
    from .table import print_fields

    print_fields(fields)


def show_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a JSON value; `indent=None` on one line."""
    from .json import dumps

    put(dumps(value, indent=indent))
