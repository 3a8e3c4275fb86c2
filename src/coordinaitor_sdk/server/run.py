"""Starting the reference server: the one public entry of `coordinaitor_sdk.server`.

Importing this module is cheap; the server's own dependencies (extra `coordinaitor[server]`) are loaded by a
start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from types import ModuleType

    from coordinaitor_sdk.server.launch import Launch

STOP_TIMEOUT = 15.0
"""Seconds that `running` waits for the server's thread at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How to start the server.

    Attributes:
        host: the address to bind; other than loopback needs an `admin_password`.
        port: the port to bind; 0 for any free one.
        database: a path or a `sqlite:///` URL; None for `server.db` in the user's data directory
            (`COORDINAITOR_DATA_DIR` names another).
        ready_file: where to write, once requests are answered, JSON with url, pid, adminEmail, adminPassword
            and apiKey.
        seed: what a new database starts with; an existing one stays as it is.
        api_key: a key (`ak_...`) that the server accepts; on loopback only.
        admin_password: the admin's password; on an existing database it is set anew.
        agents: whether simulated agents work by themselves, or by calls of the control API alone (`manual`,
            which needs `control`), or not.
        sim_speed: how many times faster than real time they work.
        failure_rate: the share of tasks at which they fail, from 0 to 1.
        scenario: a YAML file that says what tasks of the first organization do, and when.
        random_seed: what every random choice in a new database follows from; an existing one keeps its own.
        now: where the clocks of a new database stand, like `2024-01-15T10:30:00Z`; None for the machine's
            time.
        ignore_working_hours: whether they work at all hours.
        access_token_ttl: seconds for which an access token holds.
        rotate_refresh: whether a refresh gives another refresh token.
        rate_limit: requests an hour for every caller, or off; None for those of the tiers.
        burst: requests at once for every caller; None for those of the tiers.
        oauth_clients: registered OAuth clients, each `ID[:SECRET]:REDIRECT`; one without a secret must use
            PKCE.
        allow_private_webhooks: whether webhooks may go to addresses of private networks, other than loopback.
        max_upload: bytes of a file that is uploaded to a task, at most.
        control: whether programs on this machine may make worlds and move their time, without a credential.
    """

    host: str = "127.0.0.1"
    port: int = 3000
    database: str | None = None
    ready_file: Path | None = None
    seed: Literal["demo", "empty"] = "demo"
    api_key: str | None = field(default=None, repr=False)
    admin_password: str | None = field(default=None, repr=False)
    agents: Literal["simulate", "manual", "off"] = "simulate"
    sim_speed: float = 1.0
    failure_rate: float = 0.0
    scenario: Path | None = None
    random_seed: int = 1
    now: str | None = None
    ignore_working_hours: bool = False
    access_token_ttl: float = 3600.0
    rotate_refresh: bool = False
    rate_limit: int | Literal["off"] | None = None
    burst: int | None = None
    oauth_clients: tuple[str, ...] = field(default=(), repr=False)
    allow_private_webhooks: bool = False
    max_upload: int = 100 * 1024 * 1024
    control: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """A server that answers requests.

    Attributes:
        admin_password: the admin's password if this start was given or made it, else None: only its hash is
            stored.
        api_key: likewise.
    """

    url: str
    pid: int
    admin_email: str
    admin_password: str | None = field(repr=False)
    api_key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user to be added.

    Attributes:
        name: None for what stands before the `@` of the e-mail.
        organization: its id; None for the default one.
        role: admin, developer or viewer.
        tier: free, pro or enterprise; see "Rate Limit Tiers" in the API document.
        password: None for one that is made.
        database: as in `ServerOptions`.
    """

    email: str
    name: str | None = None
    organization: str | None = None
    role: str = "developer"
    tier: str = "free"
    password: str | None = field(default=None, repr=False)
    database: str | None = None


@dataclass(frozen=True, slots=True)
class AddedUser:
    """A user who was added.

    Attributes:
        password: the one that was made; None when one was given.
    """

    id: str
    email: str
    name: str
    organization: str
    role: str
    tier: str
    password: str | None = field(repr=False)


class ServerStartError(Exception):
    """The server can't start; the message says what is wrong and what to do."""


class ScenarioError(ServerStartError):
    """A scenario can't be used; each line of the message names file, line and field, and says what would be
    right.
    """


class RegistrationError(Exception):
    """A user can't be added; the message says what is wrong and what to do."""


def serve(options: ServerOptions, *, on_ready: Callable[[Ready], None] | None = None) -> None:
    """Run the server until SIGINT or SIGTERM, then end it: sockets closed with 1012, what was answered is
    stored.

    Parameters:
        on_ready: called once, when requests are answered.

    Raises:
        ServerStartError: it can't start.
    """
    _prepare(options, on_ready).run()


@contextmanager
def running(options: ServerOptions) -> Generator[Ready, None, None]:
    """The same server in a thread of this process, ended with the block.

    Raises:
        ServerStartError: it can't start.
    """
    answered = threading.Event()
    found: list[Ready] = []
    faults: list[BaseException] = []

    def note(ready: Ready) -> None:
        found.append(ready)
        answered.set()

    def work() -> None:
        try:
            launch.run()
        except BaseException as error:
            faults.append(error)
        finally:
            answered.set()

    launch = _prepare(options, note)
    thread = threading.Thread(target=work, name="coordinaitor-server", daemon=True)
    thread.start()
    answered.wait()
    try:
        if not found:
            raise faults[0] if faults else ServerStartError("the server ended before it was ready")
        yield found[0]
    finally:
        launch.stop()
        thread.join(STOP_TIMEOUT)


def read_scenario(path: Path) -> dict[str, Any]:
    """The scenario that a YAML file holds, checked, as `POST /_control/worlds` takes it.

    Raises:
        ScenarioError: it can't be read, or is none.
    """
    scenario: dict[str, Any] = (
        _load("scenarios", ScenarioError).read(path).model_dump(mode="json", exclude_none=True)
    )
    return scenario


def add_user(new: NewUser) -> AddedUser:
    """Add a user to the database of a server, which may be running: it notices within a second.

    Raises:
        RegistrationError: the user can't be added; nothing was changed.
    """
    added: AddedUser = _load("registration", RegistrationError).register(new)
    return added


def _prepare(options: ServerOptions, on_ready: Callable[[Ready], None] | None) -> Launch:
    launch: Launch = _load("launch", ServerStartError).Launch(options, on_ready)
    return launch


def _load(name: str, failure: type[Exception]) -> ModuleType:
    """A module of the server, or `failure` that names what is not installed."""
    try:
        return import_module(f"coordinaitor_sdk.server.{name}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("coordinaitor"):
            raise
        raise failure(
            f"the reference server needs {error.name}: install it with pip install 'coordinaitor[server]'"
        ) from error
