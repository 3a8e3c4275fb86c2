"""`coordinaitor profiles`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ..context import Cli, command
from ..errors import CommandError, Exit, UsageError
from ..options import DryRunOption, YesOption
from ..output import remark

if TYPE_CHECKING:
    from coordinaitor_sdk.profiles import Profile

app: typer.Typer = typer.Typer(help="Name servers and credentials, and choose one.", no_args_is_help=True)

NameArgument: TypeAlias = Annotated[str, typer.Argument(metavar="NAME")]


@command(app, "list", lists=True)
def list_profiles(cli: Cli) -> None:
    """List the profiles; the active one holds where none is named."""
    from ..output.table import Column
    from ..standing import profile_rows

    columns: tuple[Column[dict[str, Any]], ...] = (
        Column("NAME", lambda row: row["name"]),
        Column("ACTIVE", lambda row: "yes" if row["active"] else ""),
        Column("CREDENTIAL", lambda row: row["credential"]),
        Column("BASE URL", lambda row: row["baseUrl"]),
    )
    cli.show_items(profile_rows(cli.profile), columns)


@command(app, "create", prints=False)
def create_profile(cli: Cli, name: NameArgument) -> None:
    """Create a profile for the server at --base-url; `auth login --profile NAME` adds the credential."""
    from coordinaitor_sdk.profiles import DEFAULT_API_PREFIX, Profile, normalized_url

    if cli.base_url is None:
        raise UsageError("a profile is for a server: give --base-url")
    if name in Profile.names():
        raise CommandError(
            f"there is a profile {name} already", "coordinaitor profiles list", code=Exit.CONFLICT
        )
    url = normalized_url(cli.base_url, source="argument")
    Profile(name).save_settings(base_url=url, api_prefix=cli.api_prefix or DEFAULT_API_PREFIX)
    remark(f"created profile {name} for {url}")


@command(app, "use", prints=False)
def use_profile(cli: Cli, name: NameArgument) -> None:  # noqa: ARG001 - every command has it
    """Let this profile hold where none is named."""
    _existing(name).activate()
    remark(f"profile {name} is active")


@command(app, "delete", prints=False)
def delete_profile(
    cli: Cli, name: NameArgument, yes: YesOption = False, dry_run: DryRunOption = False
) -> None:
    """Remove a profile: its settings and its credential. `auth logout` before it ends the session, too."""
    from ..bulk import confirmed

    profile = _existing(name)
    if confirmed(cli, "delete profile", [name], yes=yes, dry_run=dry_run) is not None:
        profile.delete()
        remark(f"deleted profile {name}")


def _existing(name: str) -> Profile:
    from coordinaitor_sdk.profiles import Profile

    if name not in Profile.names():
        raise CommandError(f"there is no profile {name}", "coordinaitor profiles list", code=Exit.NOT_FOUND)
    return Profile(name)
