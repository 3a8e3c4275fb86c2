"""`coordinaitor server journal`: what was asked of a world of a running server, and what it answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..options import OutputOption
from ..output import Format, remark, show_list
from .control import URL, UrlOption, WorldOption, controlling

if TYPE_CHECKING:
    from coordinaitor_sdk.testing import JournalEntry

app: typer.Typer = typer.Typer(
    help="The requests of a world of a running server, with their answers.", no_args_is_help=True
)


@app.command("show")
def show_journal(
    world: WorldOption,
    operation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only those of this operation, like create_task.")
    ] = None,
    status: Annotated[int | None, typer.Option(metavar="CODE", help="Only those answered so.")] = None,
    fault: Annotated[
        str | None, typer.Option(metavar="ID", help="Only those that this fault happened to.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, metavar="SEQ", help="Only those after this one.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="So many at most.")] = 100,
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show requests and answers, oldest first, without secrets; `-o json` shows all of each."""
    from ..output.table import Column

    columns: tuple[Column[JournalEntry], ...] = (
        Column("SEQ", lambda entry: entry.seq),
        Column("AT", lambda entry: entry.at),
        Column("STATUS", lambda entry: "none" if entry.status is None else entry.status),
        Column("MS", lambda entry: entry.duration_ms),
        Column("FAULT", lambda entry: None if entry.fault is None else entry.fault.kind),
        Column("METHOD", lambda entry: entry.method),
        Column("PATH", lambda entry: entry.path + (f"?{entry.query}" if entry.query else ""), flexible=True),
    )
    with controlling(url) as control:
        found = control.journal(
            world, operation=operation, status=status, fault=fault, after=after, limit=limit
        )
    show_list(found.entries, columns, output)
    if found.has_more:
        remark(f"there is more: --after {found.entries[-1].seq}")
    if found.dropped:
        remark(f"{found.dropped} older ones were dropped: the newest {found.most} are kept")


@app.command("clear")
def clear_journal(world: WorldOption, url: UrlOption = URL) -> None:
    """Drop what is kept of a world's requests."""
    with controlling(url) as control:
        control.clear_journal(world)
    remark(f"cleared: the journal of {world}")
