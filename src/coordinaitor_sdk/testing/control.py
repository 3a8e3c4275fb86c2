"""The control API of a reference server (docs/server.md, "Worlds and time for tests") as typed calls."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar, Unpack
from urllib.parse import quote

from pydantic import Field

from ..exceptions import ConfigurationError, NotFoundError
from ..models.common import Model, Moment
from .agents import AgentMode, AgentStep, moving
from .faults import Fault, FaultFields, FaultKind, Faults, UnfiredFaultError, body_of
from .journal import Journal
from .snapshots import Snapshot, Snapshots, read_whole, write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Mapping

    from .. import Coordinaitor

T = TypeVar("T")

Seed = Literal["demo", "empty"]

# No credential is asked for, and none of the user's may go there.
_NO_KEY: Final = "ak_none"


class Organization(Model):
    """The organization that a world is."""

    id: str
    name: str


class World(Model):
    """A world: `world` is its id, `epoch` names its history since it was made or reset, `now` is where its
    clock is.
    """

    world: str
    organization: Organization
    epoch: str
    random_seed: int
    agents: str
    now: Moment
    frozen: bool


class Admin(Model):
    """Who a world's admin logs in as."""

    email: str
    password: str = Field(repr=False)


class NewWorld(World):
    """A world with the credentials that are told once, when it is made."""

    admin: Admin
    api_key: str = Field(repr=False)


class Time(Model):
    """Where a clock is after it was moved; `ran` pieces of due work were done on the way."""

    now: Moment
    frozen: bool
    ran: int


class _Worlds(Model):
    """The answer of the list."""

    worlds: list[World]


class Control:
    """Makes, keeps, copies, resets and deletes worlds of a reference server on this machine, and moves their
    time.

    Use it with `with`, or call `close()`.

    Args:
        url: of a server that was started with `--control`.

    Raises:
        ConfigurationError: the URL can't be used; or, by any call, the server has no control API.
        APIError: raised by any call: the server refused; the world is gone (`NotFoundError`), is the server's
            own (`ConflictError`), or a value can't be meant (`ValidationFailedError`).
    """

    def __init__(self, url: str) -> None:
        from .. import Coordinaitor

        # An advance takes as long as what happens in it.
        self._client: Coordinaitor = Coordinaitor(
            url, api_prefix="/_control", api_key=_NO_KEY, timeout=None, deadline=None, proxy=False
        )

    @property
    def url(self) -> str:
        """Scheme, host and port of the server."""
        return self._client.base_url

    def worlds(self) -> list[World]:
        """Every world, those of the server's start too."""
        return self._ask("GET", "/worlds", _Worlds).worlds

    def create(
        self,
        *,
        seed: Seed = "demo",
        random_seed: int | None = None,
        name: str | None = None,
        now: datetime | str | None = None,
        id: str | None = None,  # noqa: A002 - the field's name
        agents: AgentMode | None = None,
        sim_speed: float | None = None,
        failure_rate: float | None = None,
        scenario: Mapping[str, Any] | None = None,
    ) -> NewWorld:
        """Make a world.

        Args:
            seed: what it starts with.
            random_seed: what its random choices follow from; two worlds with the same repeat each other.
            name: of its organization.
            now: where its clock stands, with a time zone; without it the clock goes with the machine's.
            id: of the world, like `org-test`; without it one is made.
            agents: whether its simulated agents work by themselves, by `step` alone, or not; without it as
                the server's.
            sim_speed: how many times faster they work.
            failure_rate: the share of tasks at which they fail, from 0 to 1.
            scenario: what its tasks do, and when (docs/server.md, "Scenarios").

        Raises:
            ConflictError: there is a world of that id.
            ValidationFailedError: a value can't be meant; its details name each field.
        """
        given: dict[str, Any] = {
            "seed": seed,
            "randomSeed": random_seed,
            "name": name,
            "now": now.isoformat() if isinstance(now, datetime) else now,
            "id": id,
            "agents": agents,
            "simSpeed": sim_speed,
            "failureRate": failure_rate,
            "scenario": scenario,
        }
        body = {field: value for field, value in given.items() if value is not None}
        return self._ask("POST", "/worlds", NewWorld, body)

    @contextmanager
    def world(
        self,
        *,
        seed: Seed = "demo",
        random_seed: int | None = None,
        name: str | None = None,
        now: datetime | str | None = None,
        id: str | None = None,  # noqa: A002 - the field's name
        agents: AgentMode | None = None,
        sim_speed: float | None = None,
        failure_rate: float | None = None,
        scenario: Mapping[str, Any] | None = None,
    ) -> Generator[NewWorld, None, None]:
        """A world for a block, as `create` makes it; deleted at the end, if it is still there."""
        made = self.create(
            seed=seed,
            random_seed=random_seed,
            name=name,
            now=now,
            id=id,
            agents=agents,
            sim_speed=sim_speed,
            failure_rate=failure_rate,
            scenario=scenario,
        )
        try:
            yield made
        finally:
            with suppress(NotFoundError):
                self.delete(made.world)

    def step(
        self,
        world: str,
        *,
        task: str | None = None,
        progress: float | None = None,
        complete: bool = False,
        fail: str | None = None,
        code: str | None = None,
    ) -> AgentStep:
        """Let the agents of a world with `agents="manual"` make one move: a task that waits is started, one
        that is worked on goes on by a step of its own, or as told.

        Args:
            task: which; without it the one that is next.
            progress: bring it there, from 0 to 1.
            complete: complete it.
            fail: let it fail with an error of this message and of that `code`.

        Raises:
            NotFoundError: there is no such task.
            ConflictError: it has ended, nothing comes next for it, or the world's agents don't work by hand.
        """
        body = moving(task, progress, complete=complete, fail=fail, code=code)
        return self._ask("POST", _path(world, "agents", "step"), AgentStep, body)

    def delete(self, world: str) -> None:
        """Remove a world with all that is its own."""
        self._ask("DELETE", _path(world), type(None))

    def reset(self, world: str) -> World:
        """Put a world back to what it was made with, under a new epoch."""
        return self._ask("POST", _path(world, "reset"), World)

    def snapshot(self, world: str, name: str | None = None) -> Snapshot:
        """Keep a world as it is, with files, clock and numbering; unless named, as `snapshot-1` and so on."""
        return self._ask("POST", _path(world, "snapshots"), Snapshot, {} if name is None else {"name": name})

    def snapshots(self, world: str) -> list[Snapshot]:
        """The snapshots of a world, oldest first."""
        return self._ask("GET", _path(world, "snapshots"), Snapshots).snapshots

    def delete_snapshot(self, world: str, name: str) -> None:
        """Remove a snapshot; the world stays as it is."""
        self._ask("DELETE", _path(world, "snapshots", name), type(None))

    def restore(self, world: str, snapshot: str) -> World:
        """Put a world back to a snapshot, under a new epoch."""
        return self._ask("POST", _path(world, "restore"), World, {"snapshot": snapshot})

    def fork(self, world: str, *, snapshot: str | None = None, name: str | None = None) -> NewWorld:
        """Make a world with all that another holds, under the same ids, with credentials of its own.

        Args:
            snapshot: what is copied; without it the world as it is now.
            name: of the new organization; without it that of the other.
        """
        given = {"snapshot": snapshot, "name": name}
        body = {field: value for field, value in given.items() if value is not None}
        return self._ask("POST", _path(world, "fork"), NewWorld, body)

    def export(self, world: str) -> str:
        """A world as text: JSON Lines, without secrets (docs/server.md, "Snapshots, forks and exports")."""
        from .. import HttpResponse

        return self._ask("GET", _path(world, "export"), HttpResponse).content.decode()

    def export_to(self, world: str, path: str | os.PathLike[str]) -> None:
        """Write a world's export into a file; the one that is there stays until the new one is whole.

        Raises:
            OSError: it can't be written.
        """
        write_whole(path, self.export(world))

    def import_world(self, export: str, *, name: str | None = None) -> NewWorld:
        """Make a world of an export, with credentials of its own.

        Args:
            name: of the new organization; without it that of the export.

        Raises:
            ValidationFailedError: the export doesn't fit: its details name lines and fields.
        """
        body = {"export": export} | ({} if name is None else {"name": name})
        return self._ask("POST", "/worlds/import", NewWorld, body)

    def import_from(self, path: str | os.PathLike[str], *, name: str | None = None) -> NewWorld:
        """Make a world of the export in a file.

        Raises:
            OSError: it can't be read.
            UnicodeDecodeError: it is no UTF-8.
        """
        return self.import_world(read_whole(path), name=name)

    def freeze(self, world: str) -> Time:
        """Stop a world's clock."""
        return self._move(world, freeze=True)

    def resume(self, world: str) -> Time:
        """Let a world's clock go on from where it stands."""
        return self._move(world, freeze=False)

    def advance(self, world: str, by: timedelta | float) -> Time:
        """Stop a world's clock and move it on, by seconds or a timedelta; returns when all that fell due is
        done.
        """
        return self._move(world, advance=by.total_seconds() if isinstance(by, timedelta) else by)

    def run_until_idle(self, world: str) -> Time:
        """Stop a world's clock and move it on until nothing falls due any more."""
        return self._move(world, runUntilIdle=True)

    def add_fault(self, world: str, kind: FaultKind, **fields: Unpack[FaultFields]) -> Fault:
        """Let something go wrong in a world, once unless `count`, `share` or `for_calls` say otherwise."""
        return self._ask("POST", _path(world, "faults"), Fault, body_of(kind, fields))

    @contextmanager
    def fault(
        self, world: str, kind: FaultKind, **fields: Unpack[FaultFields]
    ) -> Generator[Fault, None, None]:
        """A fault for a block, deleted at the end.

        Raises:
            UnfiredFaultError: it never happened, though the block went through.
        """
        made = self.add_fault(world, kind, **fields)
        try:
            yield made
            unfired = [one for one in self._unfired(world) if one.id == made.id]
        finally:
            with suppress(NotFoundError):
                self.delete_fault(world, made.id)
        if unfired:
            raise UnfiredFaultError(unfired)

    def faults(self, world: str) -> Faults:
        """The faults of a world, and which of them never happened."""
        return self._ask("GET", _path(world, "faults"), Faults)

    def require_fired(self, world: str) -> None:
        """Pass when every fault of a world has happened.

        Raises:
            UnfiredFaultError: one has not.
        """
        if unfired := self._unfired(world):
            raise UnfiredFaultError(unfired)

    def delete_fault(self, world: str, fault: str) -> None:
        """Delete a fault by its id; an answer that it holds goes on."""
        self._ask("DELETE", _path(world, "faults", quote(fault, safe="")), type(None))

    def clear_faults(self, world: str) -> None:
        """Delete all faults of a world."""
        self._ask("DELETE", _path(world, "faults"), type(None))

    def journal(
        self,
        world: str,
        *,
        operation: str | None = None,
        status: int | None = None,
        fault: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Journal:
        """The requests of a world with their answers, oldest first.

        Args:
            operation: only those of that operation id.
            status: only those that were answered so.
            fault: only those that the fault of that id happened to.
            after: only those whose `seq` is greater.
            limit: so many at most, up to 1,000.
        """
        wanted = {"operation": operation, "status": status, "fault": fault, "after": after, "limit": limit}
        return self._ask("GET", _path(world, "journal"), Journal, params=wanted)

    def clear_journal(self, world: str) -> None:
        """Drop what is kept of a world's requests."""
        self._ask("DELETE", _path(world, "journal"), type(None))

    def close(self) -> None:
        """End the connections; the worlds stay."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unfired(self, world: str) -> list[Fault]:
        found = self.faults(world)
        return [one for one in found.faults if one.id in found.unfired]

    def _move(self, world: str, **move: bool | float) -> Time:
        return self._ask("POST", _path(world, "time"), Time, move)

    def _ask(
        self,
        method: Literal["GET", "POST", "DELETE"],
        path: str,
        answer: type[T],
        body: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
    ) -> T:
        try:
            if body is None:
                return self._client.request(method, path, cast_to=answer, params=params)
            return self._client.request(method, path, cast_to=answer, body=body)
        except NotFoundError as error:
            if not error.message.startswith("There is nothing at"):
                raise
            raise ConfigurationError(
                f"the server at {self.url} has no control API: start it with --control"
            ) from error


def _path(world: str, *rest: str) -> str:
    return "/".join(["/worlds", *(quote(part, safe="") for part in (world, *rest))])
