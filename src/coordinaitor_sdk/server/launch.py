"""From options to a server that answers, and back: what is checked, opened and closed, in which order."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from filelock import FileLock, Timeout
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from coordinaitor_sdk.server.app import create_app
from coordinaitor_sdk.server.domain.addresses import is_loopback
from coordinaitor_sdk.server.domain.oauth import parse_clients
from coordinaitor_sdk.server.faults.line import HttpLine, SocketLine
from coordinaitor_sdk.server.run import Ready, ServerOptions, ServerStartError
from coordinaitor_sdk.server.scenarios import read as read_scenario
from coordinaitor_sdk.server.schemas.control import LARGEST_SEED, WorldCreate
from coordinaitor_sdk.server.schemas.reading import says
from coordinaitor_sdk.server.seeds.start import Start, Started, start_data
from coordinaitor_sdk.server.settings import Settings
from coordinaitor_sdk.server.store.engine import DatabaseError, open_engine, path_of
from coordinaitor_sdk.server.store.schema import prepare
from coordinaitor_sdk.server.worlds import Work

GRACE = 3
"""Seconds in which requests under way may end when the server stops."""

_KEY = re.compile(r"ak_[A-Za-z0-9._~-]{4,200}")


class Launch:
    """One run of the server.

    Parameters:
        settings: bounds and times; None for those that follow from the options.

    Raises:
        ServerStartError: the options contradict each other.
        ScenarioError: the scenario can't be used.
    """

    def __init__(
        self,
        options: ServerOptions,
        on_ready: Callable[[Ready], None] | None = None,
        settings: Settings | None = None,
    ) -> None:
        _check(options)
        self._options = options
        self._scenario = None if options.scenario is None else read_scenario(options.scenario)
        self._on_ready = on_ready
        self._settings = settings or Settings(
            access_token_ttl=options.access_token_ttl,
            rotate_refresh=options.rotate_refresh,
            rate_limit=options.rate_limit,
            burst=options.burst,
            simulate=options.agents != "off",
            oauth_clients=parse_clients(options.oauth_clients),
            private_webhooks=options.allow_private_webhooks,
            largest_upload=options.max_upload,
            control=options.control,
        )
        self._server: _Server | None = None
        self._stopping = threading.Event()

    def run(self) -> None:
        """Serve until stopped. In the main thread, SIGINT and SIGTERM stop it.

        Raises:
            ServerStartError: port or database can't be had.
        """
        with ExitStack() as stack:
            path = _database_of(self._options)
            listening = stack.enter_context(_bound(self._options.host, self._options.port))
            stack.enter_context(_locked(path))
            engine, started = self._open(path)
            app = create_app(engine, started, self._settings)
            config = uvicorn.Config(
                app,
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                http=HttpLine if self._settings.control else "auto",
                ws=SocketLine if self._settings.control else "websockets-sansio",
                ws_per_message_deflate=False,
                ws_max_size=self._settings.largest_body,
                timeout_graceful_shutdown=GRACE,
            )
            ready = _ready(listening, started)
            self._server = _Server(config, lambda: self._announce(ready))
            if self._stopping.is_set():
                self._server.should_exit = True
            try:
                self._server.run(sockets=[listening])
            except SystemExit as error:
                raise ServerStartError("the server could not start: its log tells why") from error
            finally:
                _remove(self._options.ready_file, ready)
            if self._server.fault is not None:
                raise self._server.fault

    def stop(self) -> None:
        """End the run, from any thread."""
        self._stopping.set()
        if self._server is not None:
            self._server.should_exit = True

    def _open(self, path: Path) -> tuple[Engine, Started]:
        options = self._options
        start = Start(
            seed=options.seed,
            api_key=options.api_key,
            admin_password=options.admin_password,
            loopback=_is_loopback(options.host),
            log_length=self._settings.log_length,
            work=self._work(),
            random_seed=options.random_seed,
            now=None if options.now is None else _moment(options.now),
        )
        try:
            engine = open_engine(path)
            prepare(engine, path)
            return engine, start_data(engine, start)
        except DatabaseError as error:
            raise ServerStartError(str(error)) from error
        except DBAPIError as error:
            raise ServerStartError(
                f"database {path} can't be used ({error.orig}): restore a copy, or give another --database"
            ) from error

    def _work(self) -> Work:
        options = self._options
        return Work(
            agents=options.agents if self._settings.simulate else "off",
            pace=options.sim_speed,
            keep_hours=not options.ignore_working_hours,
            failure_rate=options.failure_rate,
            scenario=self._scenario,
        )

    def _announce(self, ready: Ready) -> None:
        if self._options.ready_file is not None:
            _write_ready(self._options.ready_file, ready)
        if self._on_ready is not None:
            self._on_ready(ready)


class _Server(uvicorn.Server):
    """Uvicorn, telling when it answers, and ending quietly on a signal."""

    def __init__(self, config: uvicorn.Config, on_answering: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_answering = on_answering
        self.fault: Exception | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        try:
            self._on_answering()
        except Exception as error:
            # The application has started: it must end in order before the error is told.
            self.fault = error
            self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # Uvicorn raises the signal again after the shutdown, which would end in a traceback or a signal's
        # exit code.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = [signal.SIGINT, signal.SIGTERM]
        before = {number: signal.signal(number, self._stop_on_signal) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop_on_signal(self, _number: int, _frame: FrameType | None) -> None:
        # A second signal doesn't wait for requests under way.
        self.force_exit = self.should_exit
        self.should_exit = True


def _check(options: ServerOptions) -> None:
    if not 0 <= options.port <= 65535:
        raise ServerStartError(f"port {options.port} is not possible: give 0 to 65535, 0 for any free one")
    for name, value in (("sim-speed", options.sim_speed), ("access-token-ttl", options.access_token_ttl)):
        if not (math.isfinite(value) and value > 0):
            raise ServerStartError(f"--{name} must be a number above 0, not {value}")
    _check_agents(options)
    if options.rate_limit == "off" and options.burst is not None:
        raise ServerStartError("--burst does nothing with --rate-limit off: leave one of them out")
    for name, count, what in (
        ("rate-limit", options.rate_limit, "off, or a number of requests an hour"),
        ("burst", options.burst, "a number of requests"),
        ("max-upload", options.max_upload, "a number of bytes"),
    ):
        if isinstance(count, int) and count < 1:
            raise ServerStartError(f"--{name} must be {what} above 0, not {count}")
    try:
        parse_clients(options.oauth_clients)
    except ValueError as error:
        raise ServerStartError(str(error)) from None
    _check_secrets(options)


def _check_agents(options: ServerOptions) -> None:
    if not 0 <= options.failure_rate <= 1:
        raise ServerStartError(f"--failure-rate must be a number from 0 to 1, not {options.failure_rate}")
    if not 0 <= options.random_seed <= LARGEST_SEED:
        raise ServerStartError(f"--random-seed must be from 0 to {LARGEST_SEED}, not {options.random_seed}")
    if options.now is not None:
        _moment(options.now)
    if options.agents == "manual" and not options.control:
        raise ServerStartError("--agents manual needs --control: nothing else moves them")


def _moment(text: str) -> str:
    """A moment as the server writes it.

    Raises:
        ServerStartError: no clock can stand there.
    """
    try:
        return WorldCreate.model_validate({"now": text}).now or ""
    except ValidationError as error:
        problem = says(error.errors(include_url=False)[0])
        raise ServerStartError(f"--now {text!r} {problem}") from None


def _check_secrets(options: ServerOptions) -> None:
    if options.admin_password is not None and not 0 < len(options.admin_password) <= 1_024:
        raise ServerStartError("the admin's password must have 1 to 1024 characters")
    if options.api_key is not None:
        if not _is_loopback(options.host):
            raise ServerStartError("--api-key is for loopback only: bind to 127.0.0.1, or log in instead")
        if not _KEY.fullmatch(options.api_key):
            raise ServerStartError(
                "--api-key must be ak_ and 4 to 200 letters, digits, dots, dashes or underscores"
            )


def _is_loopback(host: str) -> bool:
    return host == "localhost" or is_loopback(host)


@contextmanager
def _bound(host: str, port: int) -> Generator[socket.socket, None, None]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ServerStartError(f"host {host} is not known ({error.strerror}): give an address") from error
    listening = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # there it would share a port that is in use
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        # From here a second server on this port fails at its start, not at its first request.
        listening.listen(2048)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ServerStartError(_why_not_bound(host, port, error)) from error
    with listening:
        yield listening


def _why_not_bound(host: str, port: int, error: OSError) -> str:
    reason = error.strerror or str(error)
    if "in use" in reason.lower():
        return f"port {port} on {host} is in use: stop what runs there, or give --port 0 for any free one"
    return f"{host}:{port} can't be bound ({reason}): give another --host or --port"


def _database_of(options: ServerOptions) -> Path:
    try:
        return path_of(options.database)
    except DatabaseError as error:
        raise ServerStartError(str(error)) from error


@contextmanager
def _locked(path: Path) -> Generator[None, None, None]:
    lock = FileLock(f"{path}.lock", timeout=0)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise ServerStartError(
            f"database {path} is in use by another server: stop that one, or give another --database"
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ServerStartError(
            f"database {path} can't be written ({reason}): give another --database"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _ready(listening: socket.socket, started: Started) -> Ready:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return Ready(
        f"http://{shown}:{port}",
        os.getpid(),
        started.admin_email,
        started.admin_password,
        started.api_key,
    )


def _write_ready(path: Path, ready: Ready) -> None:
    """Write the file whole or not at all, readable by its owner alone."""
    content = {
        "url": ready.url,
        "pid": ready.pid,
        "adminEmail": ready.admin_email,
        "adminPassword": ready.admin_password,
        "apiKey": ready.api_key,
    }
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise ServerStartError(f"ready file {path} can't be written ({error.strerror})") from error


def _remove(path: Path | None, ready: Ready) -> None:
    """Remove the ready file, unless another server has written its own there."""
    if path is None:
        return
    try:
        if json.loads(path.read_text())["pid"] == ready.pid:
            path.unlink()
    except (OSError, ValueError, KeyError, TypeError):
        return
