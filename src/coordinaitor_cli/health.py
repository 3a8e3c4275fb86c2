"""How the system is, as data and as an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import typer

from .errors import Exit
from .output import Format, put, show_json
from .output.selection import data_of
from .output.table import cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinaitor_sdk import HealthChange

    from .context import Cli
    from .output.table import Field

_WELL: Final = frozenset({"healthy", "ok", "up"})


def is_well(status: Any) -> bool:
    """Whether a status word means that all is well."""
    return str(status).casefold() in _WELL


def shown(cli: Cli, health: Any) -> None:
    """Print the system's health or status.

    Raises:
        typer.Exit: code 14, it is not well.
    """
    cli.show(health, fields_of)
    if not is_well(health.status):
        raise typer.Exit(Exit.UNHEALTHY)


def monitored(cli: Cli, interval: float) -> None:
    """Print each change of the system's health, a line each, without end."""
    for change in cli.client.system.monitor(interval):
        if cli.output in {Format.JSON, Format.JSONL}:
            show_json(_as_data(change), indent=None)
        else:
            put(_line(change))


def _line(change: HealthChange) -> str:
    services = ", ".join(f"{cell(name)} {cell(status)}" for name, status in change.services.items())
    before = f"was {cell(change.previous)}" if change.previous and change.previous != change.status else ""
    error = f"error: {cell(change.error.message)}" if change.error else ""
    return "  ".join(part for part in (cell(change.status), before, services, error) if part)


def _as_data(change: HealthChange) -> dict[str, Any]:
    return {
        "status": change.status,
        "previous": change.previous,
        "services": change.services,
        "error": change.error.message if change.error else None,
    }


def fields_of(health: Any) -> Iterator[Field]:
    """Health or status for reading; a line for each service."""
    from .output.table import all_fields, label

    data: dict[str, Any] = data_of(health)
    for name, value in data.items():
        if name != "services" or not isinstance(value, dict):
            yield from all_fields({name: value})
            continue
        for service, told in cast("dict[str, Any]", value).items():
            parts = cast("dict[str, Any]", told) if isinstance(told, dict) else {"status": told}
            yield label(service), ", ".join(_part(key, one) for key, one in parts.items())


def _part(name: str, value: Any) -> str:
    from .output.records import flat
    from .output.table import label

    shown = cell(flat(value))
    return shown if name == "status" else f"{label(name).lower()} {shown}"
