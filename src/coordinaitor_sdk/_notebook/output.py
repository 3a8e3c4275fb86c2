"""One output of a cell that changes while a watch goes on.

It is an ipywidgets widget where that package is installed, and HTML else; a frontend that has no widgets
shows the HTML that goes with each. At the end the widget gives way to HTML, which a saved notebook keeps.

Running a cell anew replaces its outputs, so what was behind them ends then. IPython tells of each run before
it begins; the cell is known by the id that the frontend gives it, or else by its code.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .board import Board


@dataclass(frozen=True, slots=True)
class _Cell:
    id: str | None
    code: str | None

    def is_run_by(self, run: Any) -> bool:
        """Whether IPython's `ExecutionInfo` is of this cell."""
        run_id = getattr(run, "cell_id", None)
        if self.id is not None and run_id is not None:
            return bool(self.id == run_id)
        return self.code is not None and bool(self.code == run.raw_cell)


class Output:
    """A live output, shown at once.

    Args:
        board: what is shown.
        plain: what a frontend shows that knows text alone.

    Raises:
        NotImplementedError: there is no notebook here; IPython takes it for "shown in no special way".
    """

    def __init__(self, board: Board, plain: str) -> None:
        shell = _shell()
        self._board = board
        self._plain = plain
        self._cell = _running_cell(shell)
        self._close: Callable[[], None] | None = None
        self._replaced = False
        self._widget = _Widget.made(board)
        self._handle: Any = _display()(self._bundle(), raw=True, display_id=True)
        _keep(shell, self)

    def closes(self, close: Callable[[], None]) -> None:
        """Have `close` called when the cell is run anew."""
        self._close = close

    def refresh(self) -> None:
        """Show what the board holds now."""
        if self._widget is not None:
            self._widget.refresh(self._board)
        else:
            self._handle.update(self._bundle(), raw=True)

    def finish(self) -> None:
        """Show the board for the last time, and let go of all."""
        _outputs.discard(self)
        widget, self._widget = self._widget, None
        if not self._replaced:
            self._handle.update(self._bundle(), raw=True)
        if widget is not None:
            widget.close()

    def replaced_by(self, run: Any) -> None:
        """IPython begins to run a cell: if it is this one's, the output is gone."""
        if self._cell.is_run_by(run):
            self._replaced = True
            if self._close is not None:
                self._close()

    def _bundle(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"text/plain": self._plain, "text/html": self._board.html()}
        return shown if self._widget is None else {**self._widget.bundle(), **shown}


class _Widget:
    """A bar over all tasks, and the table below it."""

    def __init__(self, widgets: Any, board: Board) -> None:
        self._bar = widgets.FloatProgress(value=board.fraction, min=0.0, max=1.0)
        self._table = widgets.HTML(value=board.html(with_bar=False))
        self._box = widgets.VBox([self._bar, self._table])

    @classmethod
    def made(cls, board: Board) -> _Widget | None:
        """One, where the package is there and speaks as we do."""
        try:
            widgets = import_module("ipywidgets")
        except ImportError:
            return None
        return cls(widgets, board) if hasattr(widgets.Widget, "_repr_mimebundle_") else None

    def bundle(self) -> dict[str, Any]:
        """By what a frontend finds the widget."""
        return dict(self._box._repr_mimebundle_())

    def refresh(self, board: Board) -> None:
        """Show what the board holds now."""
        self._bar.value = board.fraction
        self._table.value = board.html(with_bar=False)

    def close(self) -> None:
        """Take it away in the kernel and in the frontend, with the models that each part has of its own."""
        for part in (self._box, self._bar, self._table):
            for model in (part, part.layout, getattr(part, "style", None)):
                if model is not None:
                    model.close()


# What is shown at present, so that running a cell anew finds it.
_outputs: set[Output] = set()


def _shell() -> Any:
    shell = import_module("IPython").get_ipython()
    if getattr(shell, "kernel", None) is None:
        raise NotImplementedError
    return shell


def _display() -> Any:
    return import_module("IPython.display").display


def _running_cell(shell: Any) -> _Cell:
    request: dict[str, dict[str, Any]] = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return _Cell(request.get("metadata", {}).get("cellId"), request.get("content", {}).get("code"))


def _keep(shell: Any, output: Output) -> None:
    shell.events.register("pre_run_cell", _on_run)  # IPython registers a function once
    _outputs.add(output)


def _on_run(run: Any) -> None:
    for output in list(_outputs):
        output.replaced_by(run)
