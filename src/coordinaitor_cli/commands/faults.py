"""`coordinaitor server faults`: what goes wrong in a world of a running server."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..options import OutputOption
from ..output import Format, remark, show_list, show_one
from .control import URL, UrlOption, WorldOption, controlling

if TYPE_CHECKING:
    from coordinaitor_sdk.testing import Fault, FaultFields

    from ..output.table import Field

app: typer.Typer = typer.Typer(
    help="What goes wrong in a world of a running server: for tests of clients.", no_args_is_help=True
)


class Kind(StrEnum):
    """What goes wrong."""

    latency = "latency"
    status = "status"
    rate_limit = "rate-limit"
    reset = "reset"
    truncate = "truncate"
    slow = "slow"
    hang = "hang"
    drop = "drop"
    duplicate = "duplicate"
    reorder = "reorder"
    half_open = "half-open"
    close = "close"
    refuse_subscription = "refuse-subscription"


class When(StrEnum):
    """Before or after the commit."""

    before = "before"
    after = "after"


@app.command("add")
def add_fault(
    kind: Annotated[
        Kind, typer.Argument(metavar="KIND", help=f"What goes wrong: {', '.join(one.value for one in Kind)}.")
    ],
    world: WorldOption,
    operation: Annotated[
        str | None, typer.Option(metavar="NAME", help="In these calls only, like create_task.")
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="NAME", help="In these pushes only, like task.updated.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(metavar="NAME", help="In this channel only, like tasks.")
    ] = None,
    nth: Annotated[int | None, typer.Option(metavar="N", help="At the Nth that fits, not before.")] = None,
    count: Annotated[int | None, typer.Option(metavar="N", help="So often at most. [default: 1]")] = None,
    share: Annotated[
        float | None, typer.Option(metavar="S", help="At each with this chance, 0 to 1.")
    ] = None,
    for_calls: Annotated[int | None, typer.Option(metavar="N", help="Among so many that fit.")] = None,
    seconds: Annotated[float | None, typer.Option(metavar="S", help="latency: how long.")] = None,
    status: Annotated[int | None, typer.Option(metavar="CODE", help="status: which, 400 to 599.")] = None,
    retry_after: Annotated[
        int | None, typer.Option(metavar="S", help="status, rate-limit: the Retry-After.")
    ] = None,
    when: Annotated[When | None, typer.Option(help="reset: before or after the commit.")] = None,
    cut: Annotated[
        int | None, typer.Option("--bytes", metavar="N", help="truncate: so many come. [default: half]")
    ] = None,
    bytes_per_second: Annotated[int | None, typer.Option(metavar="N", help="slow: how slow.")] = None,
    code: Annotated[int | None, typer.Option(metavar="CODE", help="close: the close code.")] = None,
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let something go wrong; once, unless --count, --share or --for-calls say otherwise."""
    given: dict[str, Any] = {
        "operation": operation,
        "event": event,
        "channel": channel,
        "nth": nth,
        "count": count,
        "share": share,
        "for_calls": for_calls,
        "seconds": seconds,
        "status": status,
        "retry_after": retry_after,
        "when": None if when is None else when.value,
        "bytes": cut,
        "bytes_per_second": bytes_per_second,
        "code": code,
    }
    fields = cast("FaultFields", {name: value for name, value in given.items() if value is not None})
    with controlling(url) as control:
        show_one(control.add_fault(world, kind.value, **fields), _fields, output)


@app.command("list")
def list_faults(world: WorldOption, url: UrlOption = URL, output: OutputOption = Format.TABLE) -> None:
    """List the faults of a world; those that never happened are told on standard error."""
    from ..output.table import Column

    columns: tuple[Column[Fault], ...] = (
        Column("FAULT", lambda fault: fault.id),
        Column("KIND", lambda fault: fault.kind),
        Column("OF", lambda fault: fault.operation or fault.event or fault.channel),
        Column("MATCHED", lambda fault: fault.matched),
        Column("FIRED", lambda fault: f"{fault.fired} of {fault.count}"),
        Column("SPENT", lambda fault: _yes(fault.spent)),
    )
    with controlling(url) as control:
        found = control.faults(world)
    show_list(found.faults, columns, output)
    if found.unfired:
        remark(f"never happened: {', '.join(found.unfired)}")


@app.command("clear")
def clear_faults(
    world: WorldOption,
    fault: Annotated[
        str | None, typer.Argument(metavar="[FAULT]", help="This one only, like fault-1.")
    ] = None,
    url: UrlOption = URL,
) -> None:
    """Delete the faults of a world, or one of them."""
    with controlling(url) as control:
        if fault is None:
            control.clear_faults(world)
        else:
            control.delete_fault(world, fault)
    remark(f"deleted: {fault or 'all faults of ' + world}")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _fields(fault: Fault) -> Iterator[Field]:
    yield "Fault", fault.id
    yield "Kind", fault.kind
    yield "Operation", fault.operation
    yield "Event", fault.event
    yield "Channel", fault.channel
    yield "Count", fault.count
    yield "Fired", fault.fired
