"""`coordinaitor server`: the reference server."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import agents_control, control, faults, journal, snapshots
from .scenario_option import refuse_scenario

if TYPE_CHECKING:
    from coordinaitor_sdk.server.run import Ready

app: typer.Typer = typer.Typer(
    help="Run the reference server for development, demos and tests.", no_args_is_help=True
)


users: typer.Typer = typer.Typer(help="Users of a database of the reference server.", no_args_is_help=True)
app.add_typer(users, name="users")
app.add_typer(snapshots.worlds, name="worlds")
app.add_typer(control.time, name="time")
app.add_typer(faults.app, name="faults")
app.add_typer(journal.app, name="journal")
app.add_typer(agents_control.agents, name="agents")


class Role(StrEnum):
    """What a user may do."""

    admin = "admin"
    developer = "developer"
    viewer = "viewer"


class Tier(StrEnum):
    """How much a user may ask."""

    free = "free"
    pro = "pro"
    enterprise = "enterprise"


class Seed(StrEnum):
    """What a new database starts with."""

    demo = "demo"
    empty = "empty"


class Agents(StrEnum):
    """Whether simulated agents work, and by what."""

    simulate = "simulate"
    manual = "manual"
    off = "off"


@app.callback()
def _group() -> None:
    """Run the reference server for development, demos and tests."""


@app.command()
def start(
    host: Annotated[
        str, typer.Option(help="Address to bind; other than loopback needs a password given.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to bind; 0 for any free one.")] = 3000,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL-OR-PATH", help="Database file. [default: server.db in your data directory]"
        ),
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write url, pid and credentials here once requests are answered.")
    ] = None,
    seed: Annotated[Seed, typer.Option(help="What a new database starts with.")] = Seed.demo,
    api_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Accept this API key (ak_...); loopback only.")
    ] = None,
    admin_password_stdin: Annotated[
        bool, typer.Option("--admin-password-stdin", help="Read the admin's password from standard input.")
    ] = False,
    agents: Annotated[
        Agents, typer.Option(help="Whether simulated agents work; manual: by `server agents step`.")
    ] = Agents.simulate,
    sim_speed: Annotated[float, typer.Option(metavar="X", help="How much faster they work.")] = 1.0,
    failure_rate: Annotated[
        float, typer.Option(metavar="SHARE", help="At which share of tasks they fail, 0 to 1.")
    ] = 0.0,
    scenario: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML: what tasks of the first organization do, and when."),
    ] = None,
    random_seed: Annotated[
        int, typer.Option(metavar="N", help="What random choices in a new database follow from.")
    ] = 1,
    now: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Where a new database's clocks stand, like 2024-01-15T10:30:00Z."),
    ] = None,
    ignore_working_hours: Annotated[
        bool, typer.Option("--ignore-working-hours", help="Let them work at all hours.")
    ] = False,
    access_token_ttl: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long an access token holds.")
    ] = 3600.0,
    rotate_refresh: Annotated[
        bool, typer.Option("--rotate-refresh", help="Let a refresh give another refresh token.")
    ] = False,
    rate_limit: Annotated[
        str | None,
        typer.Option(metavar="N|off", help="Requests an hour for everybody. [default: by tier]"),
    ] = None,
    burst: Annotated[
        int | None, typer.Option(metavar="N", help="Requests at once for everybody. [default: by tier]")
    ] = None,
    oauth_client: Annotated[
        list[str] | None,
        typer.Option(metavar="ID[:SECRET]:REDIRECT", help="Register an OAuth client; may be repeated."),
    ] = None,
    allow_private_webhooks: Annotated[
        bool, typer.Option("--allow-private-webhooks", help="Deliver webhooks into private networks too.")
    ] = False,
    max_upload: Annotated[
        int, typer.Option(metavar="BYTES", help="Largest file that can be uploaded to a task.")
    ] = 100 * 1024 * 1024,
    control: Annotated[
        bool,
        typer.Option("--control", help="Let programs on this machine make worlds and move their time."),
    ] = False,
) -> None:
    """Start the server; Ctrl-C ends it."""
    from coordinaitor_sdk.server.run import ScenarioError, ServerOptions, ServerStartError, serve

    options = ServerOptions(
        host=host,
        port=port,
        database=database,
        ready_file=ready_file,
        seed=seed.value,
        api_key=api_key,
        admin_password=sys.stdin.readline().rstrip("\r\n") if admin_password_stdin else None,
        agents=agents.value,
        sim_speed=sim_speed,
        failure_rate=failure_rate,
        scenario=scenario,
        random_seed=random_seed,
        now=now,
        ignore_working_hours=ignore_working_hours,
        access_token_ttl=access_token_ttl,
        rotate_refresh=rotate_refresh,
        rate_limit=_rate_limit(rate_limit),
        burst=burst,
        oauth_clients=tuple(oauth_client or ()),
        allow_private_webhooks=allow_private_webhooks,
        max_upload=max_upload,
        control=control,
    )
    try:
        serve(options, on_ready=_show)
    except ScenarioError as error:
        raise typer.Exit(refuse_scenario(error)) from None
    except ServerStartError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None


@users.callback()
def _users() -> None:
    """Users of a database of the reference server."""


@users.command("add")
def add_user(
    email: Annotated[str, typer.Option(help="E-mail to log in with; unique on the server.")],
    name: Annotated[
        str | None, typer.Option(help="Full name. [default: what stands before the @ of the e-mail]")
    ] = None,
    org: Annotated[
        str | None, typer.Option(metavar="ID", help="Organization. [default: the server's first]")
    ] = None,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.developer,
    tier: Annotated[Tier, typer.Option(help="Which rate limits hold.")] = Tier.free,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL-OR-PATH", help="Database file. [default: server.db in your data directory]"
        ),
    ] = None,
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read the password from standard input, else make one."),
    ] = False,
) -> None:
    """Add a user; a running server notices within a second."""
    from coordinaitor_sdk.server.run import NewUser, RegistrationError
    from coordinaitor_sdk.server.run import add_user as add

    new = NewUser(
        email=email,
        name=name,
        organization=org,
        role=role.value,
        tier=tier.value,
        password=sys.stdin.readline().rstrip("\r\n") if password_stdin else None,
        database=database,
    )
    try:
        added = add(new)
    except RegistrationError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    told = f"{added.id}: {added.email}, {added.role} of {added.organization}, tier {added.tier}"
    typer.echo(told if added.password is None else f"{told}\npassword: {added.password}")


def _rate_limit(text: str | None) -> int | Literal["off"] | None:
    if text is None:
        return None
    try:
        return "off" if text == "off" else int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a number nor off", param_hint="--rate-limit") from None


def _show(ready: Ready) -> None:
    lines = [f"CoordinAItor reference server: {ready.url}", f"admin: {ready.admin_email}"]
    if ready.admin_password is not None:
        lines.append(f"password: {ready.admin_password}")
    if ready.api_key is not None:
        lines.append(f"API key: {ready.api_key}")
    typer.echo("\n".join([*lines, "Ctrl-C ends it."]), err=True)
