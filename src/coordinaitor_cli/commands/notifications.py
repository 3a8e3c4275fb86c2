"""`coordinaitor notifications`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..context import Cli, command
from ..options import IdsArgument

app: typer.Typer = typer.Typer(help="See and tick off what you are told.", no_args_is_help=True)


@command(app, "list", lists=True)
def list_notifications(
    cli: Cli,
    unread: Annotated[bool | None, typer.Option("--unread/--read", help="Only such.")] = None,
) -> None:
    """List what you are told: mentions, assignments, ends of tasks."""
    from ..views import NOTIFICATION_COLUMNS

    cli.show_pages(cli.client.users.notifications, NOTIFICATION_COLUMNS, unread=unread)


@command(app, "read", bulk=True)
def read_notifications(cli: Cli, notification_ids: IdsArgument) -> None:
    """Mark notifications as read."""
    from ..bulk import each

    each(cli, notification_ids, cli.client.users.mark_notification_read)
