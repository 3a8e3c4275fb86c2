"""How far a file has been sent, on standard error."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .output.style import is_progress_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


@contextmanager
def progress_shown() -> Generator[Callable[[int, int | None], None] | None]:
    """What the library calls while it sends; None where nobody looks on."""
    if not is_progress_shown():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    console = Console(stderr=True)
    with Progress(
        BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console, transient=True
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda sent, total: bar.update(task, completed=sent, total=total)
