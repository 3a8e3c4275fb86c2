"""`coordinaitor auth`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..context import Cli, command
from ..errors import UsageError
from ..output import put, remark
from ..prompts import ask, ask_secret, can_ask, secret_from_stdin

if TYPE_CHECKING:
    from coordinaitor_sdk import Coordinaitor

app: typer.Typer = typer.Typer(help="Log in and out, and see who you are.", no_args_is_help=True)
api_keys: typer.Typer = typer.Typer(help="API keys of yours.", no_args_is_help=True)
app.add_typer(api_keys, name="api-keys")


@command(app, "login", prints=False)
def login(
    cli: Cli,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Your e-mail; asked for at a terminal.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    api_key_stdin: Annotated[
        bool, typer.Option("--api-key-stdin", help="Read an API key from standard input, instead of both.")
    ] = False,
    oauth: Annotated[
        bool, typer.Option("--oauth", help="Log in in the browser (OAuth 2 with PKCE), instead of both.")
    ] = False,
    client_id: Annotated[
        str | None, typer.Option(metavar="ID", help="OAuth client of this program, as the server knows it.")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address; the code is pasted.")
    ] = False,
) -> None:
    """Log in, and keep the credential in the profile: in the system's keyring if it can, else in a file.

    It is checked against the server first. Afterwards `Coordinaitor()` in a script needs no arguments.
    """
    from ..login import keep, overriding, place_for

    if oauth or client_id is not None or no_browser:
        _log_in_by_oauth(cli, client_id, oauth=oauth, browser=not no_browser)
        return
    _check_login(email, password_stdin=password_stdin, api_key_stdin=api_key_stdin)
    if api_key_stdin:
        api_key = secret_from_stdin("--api-key-stdin")
        client = cli.connect(api_key=api_key)
        place = place_for(client.settings)
        _try_out(client)
        kept = keep(client.settings, place, api_key=api_key)
    else:
        email = email or ask("E-mail")
        password = secret_from_stdin("--password-stdin") if password_stdin else ask_secret("Password")
        client = cli.connect(email=email, password=password)
        place = place_for(client.settings)
        client.auth.login()
        kept = keep(client.settings, place, tokens=client.auth.tokens, email=email)
    who = email or "the owner of the API key"
    remark(f"logged in to {client.base_url} as {who}; profile {client.settings.profile}, kept in {kept}")
    for name in overriding(client.settings):
        remark(f"warning: {name} is set and comes before this login; unset it to use the login")


def _log_in_by_oauth(cli: Cli, client_id: str | None, *, oauth: bool, browser: bool) -> None:
    from ..login import keep, place_for
    from ..oauth import begin_session

    if not oauth:
        raise UsageError("--client-id and --no-browser go with --oauth")
    if client_id is None:
        raise UsageError("--oauth needs --client-id")
    client = cli.connect()
    place = place_for(client.settings)
    begin_session(client, client_id, browser=browser)
    email = _whose(client)
    kept = keep(client.settings, place, tokens=client.auth.tokens, email=email)
    who = f" as {email}" if email else ""
    remark(f"logged in to {client.base_url}{who}; profile {client.settings.profile}, kept in {kept}")


def _whose(client: Coordinaitor) -> str | None:
    """The e-mail of whoever logged in at the server's page; None where the server doesn't tell."""
    from coordinaitor_sdk import CoordinaitorError

    with suppress(CoordinaitorError):
        return client.users.me(deadline=10.0).email
    return None


def _check_login(email: str | None, *, password_stdin: bool, api_key_stdin: bool) -> None:
    if api_key_stdin and (email is not None or password_stdin):
        raise UsageError("--api-key-stdin excludes --email and --password-stdin")
    if api_key_stdin or (email is not None and password_stdin):
        return
    if password_stdin:
        raise UsageError(
            "--password-stdin needs --email", "coordinaitor auth login --email E --password-stdin"
        )
    if not can_ask():
        raise UsageError(
            "there is no terminal to ask at: give --email and --password-stdin, or --api-key-stdin",
            "coordinaitor auth login --email E --password-stdin < FILE",
        )


def _try_out(client: Coordinaitor) -> None:
    """One cheap call that needs the credential; one that may not read tasks is a credential all the same."""
    from coordinaitor_sdk import AuthorizationError

    with suppress(AuthorizationError):
        client.tasks.list(limit=1).first_page()


@command(app, "status")
def status(cli: Cli) -> None:
    """Show server and credential, where each comes from, and whether the server accepts it."""
    from coordinaitor_sdk import CoordinaitorError

    from ..login import credentials_of
    from ..standing import Standing

    client = cli.client
    failure: CoordinaitorError | None = None
    if client.settings.credentials is not None:
        try:
            _try_out(client)
        except CoordinaitorError as error:
            failure = error
    cli.show(Standing(client.settings, failure), lambda standing: standing.fields())
    if failure is not None:
        raise failure
    credentials_of(client)


@command(app, "token", prints=False)
def token(cli: Cli) -> None:
    """Print the credential that calls are made with: a fresh access token, or the API key. It is a secret."""
    from ..login import bearer

    put(bearer(cli.client))


@command(app, "refresh", prints=False)
def refresh(cli: Cli) -> None:
    """Renew the session's tokens now."""
    from ..login import credentials_of

    client = cli.client
    if credentials_of(client).api_key is not None:
        raise UsageError("an API key needs no renewal: auth refresh is for a session")
    client.auth.refresh()
    remark(f"renewed the session with {client.base_url}; profile {client.settings.profile}")


@command(api_keys, "create")
def create_api_key(
    cli: Cli,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    permissions: Annotated[
        list[str],
        typer.Option("--permission", metavar="NAME", help="Such as tasks:read; may be repeated."),
    ],
    rate_limit: Annotated[
        int | None, typer.Option(metavar="N", help="Requests an hour, if the server lets you choose.")
    ] = None,
    burst: Annotated[int | None, typer.Option(metavar="N", help="Requests at once, likewise.")] = None,
) -> None:
    """Create an API key and show it; the key itself is shown this once."""
    limits = {"rate_limit": rate_limit, "burst": burst}
    given: dict[str, Any] = {key: value for key, value in limits.items() if value is not None}
    cli.show(cli.client.auth.create_api_key(name, permissions, **given))


@command(app, "logout", prints=False)
def logout(cli: Cli) -> None:
    """End the session on the server, and remove the stored credential."""
    from coordinaitor_sdk import CoordinaitorError

    from ..login import Stored

    stored = Stored.of(cli.profile)
    if not stored.exists:
        remark(f"profile {stored.profile.name} holds no credential; nothing to do")
        return
    try:
        stored.end_session(cli.base_url, cli.api_prefix)
    except CoordinaitorError as error:
        remark(f"warning: the server could not be told, the session ends there by itself: {error.message}")
    finally:
        removed = stored.forget()
    remark(f"logged out; {removed} removed")
