"""`coordinaitor config`."""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated, Any, TypeAlias

import typer

from ..context import Cli, command
from ..output import put, remark

app: typer.Typer = typer.Typer(help="See and change a profile's settings.", no_args_is_help=True)

KeyArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="KEY", help="base-url, api-prefix or project.")
]


@command(app, "list", lists=True)
def list_settings(
    cli: Cli,
    show_origin: Annotated[
        bool, typer.Option("--show-origin", help="And where each value comes from.")
    ] = False,
) -> None:
    """List the settings that hold."""
    from ..configuration import effective
    from ..output.table import Column

    rows = [setting.to_dict(show_origin=show_origin) for setting in effective(cli)]
    names = ("name", "value", *(("origin",) if show_origin else ()))
    columns: list[Column[dict[str, Any]]] = [Column(name.upper(), itemgetter(name)) for name in names]
    cli.show_items(rows, columns)


@command(app, "get", prints=False)
def get_setting(cli: Cli, key: KeyArgument) -> None:
    """Print the value that holds; exit code 3 where there is none."""
    from ..configuration import held

    put(held(cli, key))


@command(app, "set", prints=False)
def set_setting(cli: Cli, key: KeyArgument, value: Annotated[str, typer.Argument(metavar="VALUE")]) -> None:
    """Keep a setting in the profile."""
    from ..configuration import changed, profile_of

    profile = profile_of(cli)
    profile.save_settings(**changed(key, value))
    remark(f"kept in profile {profile.name}")


@command(app, "unset", prints=False)
def unset_setting(cli: Cli, key: KeyArgument) -> None:
    """Remove a setting from the profile."""
    from ..configuration import known, profile_of

    profile = profile_of(cli)
    profile.unset(known(key))
    remark(f"removed from profile {profile.name}")


@command(app, "path", prints=False)
def show_path(cli: Cli) -> None:
    """Print where the settings stand."""
    from ..configuration import profile_of

    put(str(profile_of(cli).config_path))
