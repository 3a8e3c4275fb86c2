"""`coordinaitor server worlds` and `coordinaitor server time`: a reference server that runs as a test-bed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ..errors import report
from ..options import OutputOption
from ..output import Format, remark, show_list, show_one
from .scenario_option import refuse_scenario

if TYPE_CHECKING:
    from coordinaitor_sdk.testing import Control, NewWorld, Time, World

    from ..output.table import Field

worlds: typer.Typer = typer.Typer(
    help="Worlds of a running server: organizations of their own for tests.", no_args_is_help=True
)
time: typer.Typer = typer.Typer(help="The time of a world of a running server.", no_args_is_help=True)

UrlOption: TypeAlias = Annotated[
    str, typer.Option("--url", metavar="URL", help="Server that was started with --control.")
]
WorldOption: TypeAlias = Annotated[str, typer.Option("--world", metavar="ID", help="Which world.")]
URL = "http://127.0.0.1:3000"


class Seed(StrEnum):
    """What a world starts with."""

    demo = "demo"
    empty = "empty"


class Agents(StrEnum):
    """Whether simulated agents work, and by what."""

    simulate = "simulate"
    manual = "manual"
    off = "off"


@worlds.command("list")
def list_worlds(url: UrlOption = URL, output: OutputOption = Format.TABLE) -> None:
    """List the worlds."""
    from ..output.table import Column

    columns: tuple[Column[World], ...] = (
        Column("WORLD", lambda world: world.world),
        Column("NAME", lambda world: world.organization.name, flexible=True),
        Column("NOW", lambda world: world.now),
        Column("CLOCK", lambda world: clock(frozen=world.frozen)),
    )
    with controlling(url) as control:
        show_list(control.worlds(), columns, output)


@worlds.command("create")
def create_world(
    seed: Annotated[Seed, typer.Option(help="What it starts with.")] = Seed.demo,
    random_seed: Annotated[
        int | None, typer.Option(metavar="N", help="What its random choices follow from. [default: 1]")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of its organization. [default: Globex]")] = None,
    now: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Where its clock stands, like 2024-01-15T10:30:00Z."),
    ] = None,
    world_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Its id. [default: one that is made]")
    ] = None,
    agents: Annotated[
        Agents | None, typer.Option(help="Whether its agents work, and by what. [default: the server's]")
    ] = None,
    sim_speed: Annotated[
        float | None, typer.Option(metavar="X", help="How much faster they work. [default: the server's]")
    ] = None,
    failure_rate: Annotated[
        float | None, typer.Option(metavar="SHARE", help="At which share of tasks they fail, 0 to 1.")
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML: what its tasks do, and when.")
    ] = None,
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a world, and print its credentials."""
    told = _scenario(scenario)
    with controlling(url) as control:
        made = control.create(
            seed=seed.value,
            random_seed=random_seed,
            name=name,
            now=now,
            id=world_id,
            agents=None if agents is None else agents.value,
            sim_speed=sim_speed,
            failure_rate=failure_rate,
            scenario=told,
        )
        show_one(made, new_world_fields, output)


@worlds.command("delete")
def delete_world(world: WorldOption, url: UrlOption = URL) -> None:
    """Remove a world with all that is its own."""
    with controlling(url) as control:
        control.delete(world)
    remark(f"deleted: {world}")


@worlds.command("reset")
def reset_world(world: WorldOption, url: UrlOption = URL, output: OutputOption = Format.TABLE) -> None:
    """Put a world back to what it was made with."""
    with controlling(url) as control:
        show_one(control.reset(world), world_fields, output)


@time.command("freeze")
def freeze(world: WorldOption, url: UrlOption = URL, output: OutputOption = Format.TABLE) -> None:
    """Stop its clock."""
    _move(url, output, lambda control: control.freeze(world))


@time.command("resume")
def resume(world: WorldOption, url: UrlOption = URL, output: OutputOption = Format.TABLE) -> None:
    """Let its clock go on from where it stands."""
    _move(url, output, lambda control: control.resume(world))


@time.command("advance")
def advance(
    seconds: Annotated[float, typer.Argument(metavar="SECONDS", help="How far.")],
    world: WorldOption,
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """Stop its clock and move it on; ends when all that fell due is done."""
    _move(url, output, lambda control: control.advance(world, seconds))


@time.command("run-until-idle")
def run_until_idle(world: WorldOption, url: UrlOption = URL, output: OutputOption = Format.TABLE) -> None:
    """Stop its clock and move it on until nothing falls due any more."""
    _move(url, output, lambda control: control.run_until_idle(world))


@contextmanager
def controlling(url: str) -> Generator[Control, None, None]:
    """The server's control API; what it refuses ends the command."""
    from coordinaitor_sdk import CoordinaitorError
    from coordinaitor_sdk.testing import Control

    try:
        with Control(url) as control:
            yield control
    except CoordinaitorError as error:
        raise typer.Exit(report(error)) from error


def _scenario(path: Path | None) -> dict[str, Any] | None:
    from coordinaitor_sdk.server.run import ScenarioError, read_scenario

    if path is None:
        return None
    try:
        return read_scenario(path)
    except ScenarioError as error:
        raise typer.Exit(refuse_scenario(error)) from None


def _move(url: str, output: Format, move: Callable[[Control], Time]) -> None:
    with controlling(url) as control:
        show_one(move(control), _time_fields, output)


def clock(*, frozen: bool) -> str:
    return "frozen" if frozen else "running"


def _time_fields(time: Time) -> Iterator[Field]:
    yield "Now", time.now
    yield "Clock", clock(frozen=time.frozen)
    yield "Ran", time.ran


def world_fields(world: World) -> Iterator[Field]:
    yield "World", world.world
    yield "Name", world.organization.name
    yield "Epoch", world.epoch
    yield "Now", world.now
    yield "Clock", clock(frozen=world.frozen)


def new_world_fields(world: NewWorld) -> Iterator[Field]:
    yield from world_fields(world)
    yield "Admin", world.admin.email
    yield "Password", world.admin.password
    yield "API key", world.api_key
