"""Tables: aligned and coloured on a terminal, else tab-separated values. Ids are never shortened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar, cast

from . import is_terminal, put, remark
from .text import one_line, paragraphs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console
    from rich.table import Table

T = TypeVar("T")

Field: TypeAlias = "tuple[str, Any]"
"""A label, and its value; None leaves the line out."""

LEAST_WIDTH: Final = 12
_GAP: Final = 2
STATE_STYLES: Final = {
    "completed": "green",
    "active": "cyan",
    "failed": "red",
    "cancelled": "yellow",
    "deleted": "yellow",
    "pending": "dim",
}


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column of a list.

    Attributes:
        value: what stands in it, of an item.
        flexible: whether it may be cut to the terminal's width.
        is_state: whether its words are coloured.
    """

    title: str
    value: Callable[[T], Any]
    flexible: bool = False
    is_state: bool = False


def cell(value: Any) -> str:
    """A value on one line; an odd one as it is."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(item) for item in cast("Sequence[Any]", value))
    if hasattr(value, "isoformat"):
        return one_line(str(value.isoformat()).replace("+00:00", "Z"))
    return one_line(str(value))


def percent(share: Any) -> str:
    """A share from 0 to 1 as text."""
    return f"{share:.0%}" if isinstance(share, (int, float)) else cell(share)


def open_console() -> Console:
    """Rich on standard output, taking nothing in a text for markup."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False, soft_wrap=False)


def print_rows(items: Sequence[T], columns: Sequence[Column[T]]) -> None:
    """A line for each item; on a terminal under their titles."""
    rows = [[cell(column.value(item)) for column in columns] for item in items]
    if not rows:
        if is_terminal():
            remark("nothing found")
        return
    if is_terminal():
        _print_aligned(rows, columns)
    else:
        put("\n".join("\t".join(row) for row in rows))


def _print_aligned(rows: list[list[str]], columns: Sequence[Column[T]]) -> None:
    from rich.cells import cell_len
    from rich.text import Text

    out = open_console()
    sizes: list[Size] = []
    for index, column in enumerate(columns):
        width = max(cell_len(text) for text in (column.title, *(row[index] for row in rows)))
        sizes.append(Size(width, min(width, LEAST_WIDTH) if column.flexible else width))
    widths = fitted(sizes, out.width)
    table = aligned([column.title for column in columns], widths)
    for row in rows:
        cells = zip(row, columns, strict=True)
        table.add_row(
            *(Text(text, STATE_STYLES.get(text, "") if column.is_state else "") for text, column in cells)
        )
    # Too narrow a terminal breaks the lines itself, rather than have an id cut.
    out.width = max(out.width, total(widths))
    out.print(table)


@dataclass(frozen=True, slots=True)
class Size:
    """How wide a column would be, and how wide it must be, in cells."""

    natural: int
    least: int


def fitted(sizes: Sequence[Size], room: int) -> list[int]:
    """Widths that fit into `room` cells; the widest gives way first, none goes below its least."""
    widths = [size.natural for size in sizes]
    while total(widths) > room:
        yielding = [index for index, size in enumerate(sizes) if widths[index] > size.least]
        if not yielding:
            break
        widths[max(yielding, key=lambda index: widths[index])] -= 1
    return widths


def total(widths: Sequence[int]) -> int:
    """The width of a table of such columns."""
    return sum(widths) + _GAP * (len(widths) - 1)


def aligned(titles: Sequence[str], widths: Sequence[int]) -> Table:
    """A table of columns of exactly these widths; longer text is cut by an ellipsis, an id goes on below."""
    from rich.table import Table

    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for title, width in zip(titles, widths, strict=True):
        is_id = title == "ID"
        table.add_column(title, no_wrap=not is_id, overflow="fold" if is_id else "ellipsis", width=width)
    return table


def print_fields(fields: Iterable[Field]) -> None:
    """A line for each field that has a value; on a terminal longer texts stand below their label."""
    shown = [(label, value) for label, value in fields if value is not None and value != [] and value != ""]
    if not is_terminal():
        for label, value in shown:
            put(f"{label}\t{cell(value)}")
        return
    width = max((len(label) for label, _ in shown), default=0) + _GAP
    for label, value in shown:
        put(f"{label + ':':<{width}}{_hanging(value, width)}")


def _hanging(value: str | list[Any] | Any, indent: int) -> str:
    """Lists line by line, and texts with their line feeds, under the first line."""
    margin = "\n" + " " * indent
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - the server's JSON
        return margin.join(cell(item) for item in items)
    return paragraphs(value).replace("\n", margin) if isinstance(value, str) else cell(value)
