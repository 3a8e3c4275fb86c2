"""`coordinaitor webhooks`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from ..context import Cli, command
from ..errors import UsageError
from ..output import remark
from ..prompts import secret_from_stdin

app: typer.Typer = typer.Typer(help="Create webhooks, and check what they deliver.", no_args_is_help=True)

_VARIABLE = "COORDINAITOR_WEBHOOK_SECRET"
SecretOption: TypeAlias = Annotated[
    bool,
    typer.Option("--secret-stdin", help=f"Read the secret from standard input, instead of {_VARIABLE}."),
]


@command(app, "create")
def create_webhook(
    cli: Cli,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where deliveries shall go.")],
    events: Annotated[
        list[str],
        typer.Option("--event", metavar="NAME", help="Such as task.completed; may be repeated."),
    ],
    secret_stdin: SecretOption = False,
    headers: Annotated[
        list[str] | None,
        typer.Option("--header", metavar="NAME:VALUE", help="Sent with each delivery; may be repeated."),
    ] = None,
    active: Annotated[bool, typer.Option("--active/--inactive", help="Whether it delivers now.")] = True,
) -> None:
    """Create a webhook and show it; its secret is shown this once."""
    secret = _secret(secret_stdin=secret_stdin)
    sent: dict[str, Any] = {"active": active}
    if secret is not None:
        sent["secret"] = secret
    if headers:
        sent["headers"] = dict(_header(text) for text in headers)
    cli.show(cli.client.webhooks.create(url, events, **sent))


@command(app, "events", lists=True)
def list_events(cli: Cli) -> None:
    """List the events that the API document names."""
    from ..output.table import Column
    from ..webhook_events import EVENTS

    rows = [{"name": name, "when": when} for name, when in EVENTS.items()]
    columns: tuple[Column[dict[str, str]], ...] = (
        Column("NAME", lambda row: row["name"]),
        Column("WHEN", lambda row: row["when"]),
    )
    cli.show_items(rows, columns)


@command(app, "verify", prints=False)
def verify_delivery(
    cli: Cli,  # noqa: ARG001 - every command has it
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The delivery's body, byte for byte; - reads it.")
    ],
    signature: Annotated[
        str, typer.Option(metavar="TEXT", help="Its header X-Orchestrator-Signature: sha256=...")
    ],
    secret_stdin: SecretOption = False,
    max_age: Annotated[
        float | None, typer.Option(min=0.001, metavar="SECONDS", help="Refuse one that is older.")
    ] = None,
) -> None:
    """Check that a delivery was signed with the secret; exit code 7 where it was not."""
    from coordinaitor_sdk import webhooks

    if file == "-" and secret_stdin:
        raise UsageError(
            f"FILE - and --secret-stdin both read standard input: give the secret by {_VARIABLE}"
        )
    secret = _secret(secret_stdin=secret_stdin)
    if secret is None:
        raise UsageError(f"the secret is missing: set {_VARIABLE}, or give --secret-stdin")
    body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    webhooks.verify(body, signature, secret, max_age=max_age)
    remark("the signature holds")


def _secret(*, secret_stdin: bool) -> str | None:
    return secret_from_stdin("--secret-stdin") if secret_stdin else os.environ.get(_VARIABLE) or None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"--header {text!r} is not NAME:VALUE")
    return name.strip(), value.strip()
