"""`coordinaitor users`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..context import Cli, command
from ..errors import UsageError
from ..jsonvalues import json_object

app: typer.Typer = typer.Typer(help="List users, and see and change yourself.", no_args_is_help=True)


def changed_user(
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What you are called.")] = None,
    email: Annotated[
        str | None, typer.Option("--email", metavar="ADDRESS", help="Where you read mail.")
    ] = None,
    preferences: Annotated[
        dict[str, Any] | None,
        typer.Option("--preferences", metavar="JSON", parser=json_object, help='Such as {"theme": "dark"}.'),
    ] = None,
) -> None:
    """What of oneself can be changed."""


@command(app, "list", lists=True)
def list_users(
    cli: Cli,
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="admin, developer or viewer.")] = None,
    search: Annotated[str | None, typer.Option(metavar="WORDS", help="In name and e-mail.")] = None,
) -> None:
    """List the users of your organization."""
    from ..views import USER_COLUMNS

    cli.show_pages(cli.client.users.list, USER_COLUMNS, role=role, search=search)


@command(app, "me")
def show_me(cli: Cli) -> None:
    """Show who you are."""
    cli.show(cli.client.users.me())


@command(app, "update-me", body=changed_user)
def update_me(cli: Cli, given: dict[str, Any]) -> None:
    """Change yourself."""
    if not given:
        raise UsageError("there is nothing to change: give a field, such as --name NAME")
    cli.show(cli.client.users.update_me(given))


@command(app, "avatar")
def upload_avatar(
    cli: Cli,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The picture; - reads it, and needs --name.")],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Its name. [default: the file's]")] = None,
) -> None:
    """Show this picture for you."""
    from ..uploading import progress_shown

    if file == "-" and name is None:
        raise UsageError("a picture from standard input needs a name: give --name")
    content = sys.stdin.buffer.read() if file == "-" else Path(file)
    with progress_shown() as progress:
        user = cli.client.users.upload_avatar(content, filename=name, progress=progress)
    cli.show(user)
