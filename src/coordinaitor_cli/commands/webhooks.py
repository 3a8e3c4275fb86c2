"""`coordinaitor webhooks`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from ..context import Cli, command
from ..errors import CommandError, UsageError
from ..output import remark
from ..prompts import secret_from_stdin

app: typer.Typer = typer.Typer(help="Create webhooks, and check what they deliver.", no_args_is_help=True)

_VARIABLE = "COORDINAITOR_WEBHOOK_SECRET"
ForwardOption: TypeAlias = Annotated[
    str, typer.Option("--forward-to", metavar="URL", help="Receiver, such as http://localhost:8000/webhook.")
]
HeadersOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="NAME:VALUE", help="Sent with each delivery; may be repeated."),
]
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
    headers: HeadersOption = None,
    active: Annotated[bool, typer.Option("--active/--inactive", help="Whether it delivers now.")] = True,
) -> None:
    """Create a webhook and show it; its secret is shown this once."""
    secret = _secret(secret_stdin=secret_stdin)
    sent: dict[str, Any] = {"active": active}
    if secret is not None:
        sent["secret"] = secret
    if headers:
        sent["headers"] = _headers(headers)
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


@command(app, "trigger")
def trigger(
    cli: Cli,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Such as task.completed.")],
    url: ForwardOption,
    secret_stdin: SecretOption = False,
    headers: HeadersOption = None,
) -> None:
    """Send a receiver an example of an event, signed, and show its answer.

    Needs no server and no login. Exit code 0: the receiver took it (2xx); 1: it answered otherwise; 8: not in
    time; 11: it can't be reached.
    """
    from coordinaitor_sdk import webhooks

    from ..forwarding import Target
    from ..webhook_samples import ORGANIZATION, SAMPLES

    target = Target(url)
    if event not in SAMPLES:
        raise UsageError(f"there is no example of {event}", "coordinaitor webhooks events")
    secret = _secret_or_new(secret_stdin=secret_stdin)
    delivery = webhooks.compose(
        event, SAMPLES[event], secret, organization=ORGANIZATION, headers=_headers(headers)
    )
    sent = target.send(event, delivery)
    cli.show(sent)
    if sent.failure is not None:
        raise CommandError(sent.failure, code=sent.code)


@command(app, "listen")
def listen(
    cli: Cli,
    url: ForwardOption,
    names: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="NAME", help="Only these, such as task.completed; may be repeated."),
    ] = None,
    secret_stdin: SecretOption = False,
    headers: HeadersOption = None,
) -> None:
    """Forward events as they happen to a receiver here, signed, as a webhook would; until Ctrl-C.

    Nothing of it can be reached from outside: events come over the connection that this command opens.
    """
    from ..feeds import channels_of, followed
    from ..forwarding import FORWARDED_COLUMNS, Target, delivery_of
    from ..output.stream import Stream

    target, given, channels = Target(url), _headers(headers), channels_of(names)
    secret = _secret_or_new(secret_stdin=secret_stdin)
    stream = Stream(FORWARDED_COLUMNS, cli.output, cli.select, lambda sent: sent.id)
    for event in followed(cli.client, channels, {}):
        if event.event == "resync":
            remark(f"events may be missing here: {event.get('reason')}")
        elif not names or event.event in names:
            sent = target.send(event.event, delivery_of(event, secret, given))
            stream.show(sent)
            if sent.failure is not None:
                remark(f"warning: {sent.failure}")


def _secret_or_new(*, secret_stdin: bool) -> str:
    secret = _secret(secret_stdin=secret_stdin)
    if secret is None:
        import secrets

        secret = secrets.token_urlsafe(32)
        remark(f"secret, shown this once: {secret}")
    return secret


def _secret(*, secret_stdin: bool) -> str | None:
    return secret_from_stdin("--secret-stdin") if secret_stdin else os.environ.get(_VARIABLE) or None


def _headers(texts: list[str] | None) -> dict[str, str]:
    return dict(_header(text) for text in texts or ())


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"--header {text!r} is not NAME:VALUE")
    return name.strip(), value.strip()
