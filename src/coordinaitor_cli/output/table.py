"""Tables: aligned and coloured on a terminal, else tab-separated values. Ids are never shortened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar, cast

from . import Format, put, remark
from .style import is_coloured, is_terminal, painted
from .text import one_line, paragraphs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

T = TypeVar("T")

Field: TypeAlias = "tuple[str, Any]"
"""A label, and its value; None leaves the line out."""

LEAST_WIDTH: Final = 12
_GAP: Final = 2
_SPELLED: Final = {"id": "ID", "url": "URL", "cpu": "CPU"}
STATE_STYLES: Final = {
    "completed": "green",
    "active": "cyan",
    "failed": "red",
    "cancelled": "yellow",
    "deleted": "yellow",
    "pending": "dim",
    "ok": "green",
    "warn": "yellow",
    "fail": "red",
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
        # Milliseconds are what the server sent: zeros behind them would be ours.
        return one_line(str(value.isoformat()).replace("000+00:00", "Z").replace("+00:00", "Z"))
    return one_line(str(value))


def percent(share: Any) -> str:
    """A share from 0 to 1 as text."""
    return f"{share:.0%}" if isinstance(share, (int, float)) else cell(share)


def open_console() -> Console:
    """Rich on standard output, taking nothing in a text for markup."""
    from rich.console import Console

    return Console(
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        no_color=not is_coloured(),
        color_system="auto" if is_coloured() else None,
    )


def selected(path: str) -> Callable[[Any], Any]:
    """Of an item, what stands at a path, for a cell."""
    from .records import flat
    from .selection import data_of, value_at

    return lambda item: flat(value_at(data_of(item), path))


def label(name: str) -> str:
    """A field's name for reading: `createdAt` is "Created at"."""
    words = "".join(f" {char.lower()}" if char.isupper() else char for char in name).replace("_", " ").strip()
    words = " ".join(_SPELLED.get(word, word) for word in words.split())
    return words[:1].upper() + words[1:]


def all_fields(item: Any, *, plain: bool = False) -> Iterator[Field]:
    """All that an object has, for reading, parts under both names; `plain` keeps names as they are."""
    from .records import flat
    from .selection import data_of

    for name, value in data_of(item).items():
        told = name if plain else label(name)
        if isinstance(value, dict) and not plain:
            for part, inner in cast("dict[str, Any]", value).items():
                yield f"{told} {label(part).lower() if part.islower() else label(part)}", flat(inner)
        else:
            yield told, flat(value)


def print_rows(items: Sequence[T], columns: Sequence[Column[T]], form: Format = Format.TABLE) -> None:
    """A line for each item; as a table on a terminal, and as CSV, under their titles."""
    rows = [[cell(column.value(item)) for column in columns] for item in items]
    if form is Format.CSV:
        from .records import put_csv

        put_csv(
            [column.title.lower() if column.title.isupper() else column.title for column in columns], rows
        )
    elif not rows:
        if is_terminal() and form is Format.TABLE:
            remark("nothing found")
    elif is_terminal() and form is Format.TABLE:
        _print_aligned(rows, columns)
    else:
        put("\n".join("\t".join(_painted_state(row, columns, form)) for row in rows))


def _painted_state(row: list[str], columns: Sequence[Column[T]], form: Format) -> list[str]:
    if form is not Format.TABLE:
        return row
    return [
        painted(text, STATE_STYLES.get(text, "")) if column.is_state else text
        for text, column in zip(row, columns, strict=True)
    ]


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


def print_fields(fields: Iterable[Field], form: Format = Format.TABLE) -> None:
    """A line for each field that has a value; on a terminal longer texts stand below their label."""
    shown = [(name, value) for name, value in fields if value is not None and value != [] and value != ""]
    if form is Format.CSV:
        from .records import put_csv

        put_csv(("field", "value"), ((cell(name), cell(value)) for name, value in shown))
        return
    if not is_terminal() or form is Format.TSV:
        for name, value in shown:
            put(f"{cell(name)}\t{cell(value)}")
        return
    width = max((len(cell(name)) for name, _ in shown), default=0) + _GAP
    for name, value in shown:
        put(f"{cell(name) + ':':<{width}}{_hanging(value, width)}")


def _hanging(value: str | list[Any] | Any, indent: int) -> str:
    """Lists line by line, and texts with their line feeds, under the first line."""
    margin = "\n" + " " * indent
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - the server's JSON
        return margin.join(cell(item) for item in items)
    return paragraphs(value).replace("\n", margin) if isinstance(value, str) else cell(value)
