"""Items printed one by one as they come, in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import Format, is_terminal, put, show_json
from .style import painted
from .table import STATE_STYLES, Column, cell, selected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .selection import Selection

_GAP = "  "


class Stream:
    """Prints an item a line; in CSV under their titles, in YAML as a document each.

    Args:
        columns: of a line.
        form: how to print.
        select: what `--fields` and `--jq` ask for.
        id_of: what `-o id` prints of an item.
        widths: of the first columns at a terminal, at least.
    """

    def __init__(
        self,
        columns: Sequence[Column[Any]],
        form: Format,
        select: Selection,
        id_of: Callable[[Any], str | None],
        widths: Sequence[int] = (),
    ) -> None:
        self._columns = [Column(path, selected(path)) for path in select.fields] or list(columns)
        self._form = form
        self._select = select
        self._id_of = id_of
        rest = [0] * len(self._columns)
        self._widths = rest if select.fields else [*widths, *rest[len(widths) :]]
        self._begun = False

    def show(self, item: Any) -> None:
        """Print one."""
        if not self._begun:
            self._select.check([item])
        if self._select.jq is not None:
            from .records import put_jq

            put_jq(self._select.jq, self._select.data(item))
        elif self._form in {Format.JSON, Format.JSONL}:
            show_json(self._select.data(item), indent=None)
        elif self._form is Format.YAML:
            from .records import put_yaml

            put("---")
            put_yaml(self._select.data(item))
        elif self._form is Format.ID:
            put(cell(self._id_of(item)))
        else:
            self._show_row(item)
        self._begun = True

    def _show_row(self, item: Any) -> None:
        row = [cell(column.value(item)) for column in self._columns]
        if self._form is Format.CSV:
            from .records import put_csv_row

            if not self._begun:
                put_csv_row([_lower(column.title) for column in self._columns])
            put_csv_row(row)
        elif self._form is Format.TABLE and is_terminal():
            put(_GAP.join(self._aligned(row)).rstrip())
        else:
            put("\t".join(row))

    def _aligned(self, row: Sequence[str]) -> list[str]:
        """The cells as wide as any before them, but for flexible ones; colours come after that."""
        sized = zip(self._columns, self._widths, row, strict=True)
        self._widths = [0 if one.flexible else max(width, len(text)) for one, width, text in sized]
        padded = zip(self._columns, row, self._widths, strict=True)
        return [
            painted(f"{text:<{width}}", STATE_STYLES.get(text, "")) if column.is_state else f"{text:<{width}}"
            for column, text, width in padded
        ]


def _lower(title: str) -> str:
    return title.lower() if title.isupper() else title
