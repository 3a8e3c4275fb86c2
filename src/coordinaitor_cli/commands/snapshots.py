"""`coordinaitor server worlds snapshot`, `restore`, `fork`, `export` and what goes with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ..options import OutputOption
from ..output import Format, remark, show_list, show_one, tell
from .control import URL, UrlOption, WorldOption, clock, controlling, new_world_fields, world_fields, worlds

if TYPE_CHECKING:
    from coordinaitor_sdk.testing import Snapshot

    from ..output.table import Field

__all__ = ["worlds"]

NameOption: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Name of the new organization. [default: as it was]")
]


@worlds.command("snapshot")
def take_snapshot(
    world: WorldOption,
    name: Annotated[str | None, typer.Option(help="Its name. [default: snapshot-1 and so on]")] = None,
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """Keep a world as it is."""
    with controlling(url) as control:
        show_one(control.snapshot(world, name), _fields, output)


@worlds.command("snapshots")
def list_snapshots(
    world: WorldOption,
    delete: Annotated[str | None, typer.Option(metavar="NAME", help="Remove this one.")] = None,
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the snapshots of a world, or remove one."""
    from ..output.table import Column

    columns: tuple[Column[Snapshot], ...] = (
        Column("NAME", lambda snapshot: snapshot.name, flexible=True),
        Column("TAKEN", lambda snapshot: snapshot.taken_at),
        Column("CLOCK", lambda snapshot: clock(frozen=snapshot.frozen)),
    )
    with controlling(url) as control:
        if delete is None:
            show_list(control.snapshots(world), columns, output)
        else:
            control.delete_snapshot(world, delete)
            remark(f"deleted: {delete}")


@worlds.command("restore")
def restore_world(
    snapshot: Annotated[str, typer.Argument(metavar="SNAPSHOT", help="Name of the snapshot.")],
    world: WorldOption,
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """Put a world back to a snapshot."""
    with controlling(url) as control:
        show_one(control.restore(world, snapshot), world_fields, output)


@worlds.command("fork")
def fork_world(
    world: WorldOption,
    snapshot: Annotated[
        str | None, typer.Option(metavar="NAME", help="What is copied. [default: the world as it is now]")
    ] = None,
    name: NameOption = None,
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a world that holds what another holds, and print its credentials."""
    with controlling(url) as control:
        show_one(control.fork(world, snapshot=snapshot, name=name), new_world_fields, output)


@worlds.command("export")
def export_world(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Written whole, or not at all.")],
    world: WorldOption,
    url: UrlOption = URL,
) -> None:
    """Write a world into a file, without secrets."""
    with controlling(url) as control:
        try:
            control.export_to(world, file)
        except OSError as error:
            tell(f"error: {file} can't be written: {error.strerror or error}")
            raise typer.Exit(1) from error
    remark(f"written: {file}")


@worlds.command("import")
def import_world(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export.")],
    name: NameOption = None,
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a world of an export, and print its credentials."""
    with controlling(url) as control:
        try:
            made = control.import_from(file, name=name)
        except (OSError, UnicodeDecodeError) as error:
            tell(f"error: {file} can't be read: {getattr(error, 'strerror', None) or error}")
            raise typer.Exit(1) from error
        show_one(made, new_world_fields, output)


def _fields(snapshot: Snapshot) -> Iterator[Field]:
    yield "Name", snapshot.name
    yield "Taken", snapshot.taken_at
    yield "Clock", clock(frozen=snapshot.frozen)
