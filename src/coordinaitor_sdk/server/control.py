"""Worlds made, put back and removed while the server runs: what tests ask for."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from coordinaitor_sdk.server import copies
from coordinaitor_sdk.server.auth.passwords import generate_password
from coordinaitor_sdk.server.auth.tokens import key_digest, new_key
from coordinaitor_sdk.server.clock import WorldClock, moment_of, stamp
from coordinaitor_sdk.server.context import Parts
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.errors import ConflictError, NotFoundError, UnavailableError
from coordinaitor_sdk.server.faults.pushes import Pushes
from coordinaitor_sdk.server.faults.registry import Faults
from coordinaitor_sdk.server.journal import Journal
from coordinaitor_sdk.server.manual import move
from coordinaitor_sdk.server.schemas.agent_step import AgentStep
from coordinaitor_sdk.server.schemas.control import TimeMove, WorldCreate
from coordinaitor_sdk.server.seeds.organization import FIRST, Seed, add_admin_key, add_organization
from coordinaitor_sdk.server.store import settings, world_rows
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.timelapse import TimeLapse, clock_of
from coordinaitor_sdk.server.worlds import FIRST_NUMBER, WORK, World, epoch_of, keep_clock, work_of

ORIGIN: Final = "origin"
"""The name of the setting that says what a world is put back to; those of a start have none."""

MOST_SKIPPED: Final = 2**40

KEY_NAME: Final = "made with the world"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a world is put back to.

    Attributes:
        now: where its clock stands at first; None for one that goes with the machine's.
        work: how its agents work, as the setting `WORK` has it; None for the server's way.
    """

    seed: Seed
    now: str | None
    work: str | None
    password_hash: str = field(repr=False)
    key_digest: str = field(repr=False)

    def clock(self) -> WorldClock:
        """The clock of the start."""
        return WorldClock(None if self.now is None else moment_of(self.now))


class Control:
    """Makes, resets and deletes worlds, and moves their time; one thing at a time in each world."""

    def __init__(self, parts: Parts) -> None:
        self.parts: Parts = parts
        self._lapse = TimeLapse(parts.store, parts.scheduler, parts.deliverer, parts.hub)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.faults: Faults = Faults()
        self.journal: Journal = Journal()
        parts.hub.meddling = Pushes(self.faults)

    def worlds(self) -> list[dict[str, Any]]:
        """Every world."""
        return [self.told(world) for world in self.parts.worlds.all()]

    async def create(self, wanted: WorldCreate) -> dict[str, Any]:
        """A new world, with the credentials of its admin.

        Raises:
            ConflictError: there is one of that id.
        """
        password, password_hash = generate_password()
        key = new_key()
        origin = Origin(wanted.seed, wanted.now, wanted.work(), password_hash, key_digest(key))
        world_id = wanted.id or f"org-{secrets.token_hex(6)}"
        async with self._locks[world_id]:
            if self.parts.worlds.get(world_id) is not None:
                raise ConflictError(f"There is a world {world_id} already: delete it, or give another id")
            world = self._new(world_id, wanted, origin)
            # The number of a session is in its tokens: those of a world before must not fit one of this.
            skipped = 0 if wanted.id is None else secrets.randbelow(MOST_SKIPPED)
            await self.parts.store.write(
                self.parts.worlds.default, lambda change: _add(change.of_world(world), origin, skipped)
            )
            self.parts.worlds.add(world)
            self.begin(world)
        email = FIRST.further(world).admin_email
        credentials = {"admin": {"email": email, "password": password}, "apiKey": key}
        return self.told(world) | credentials

    def _new(self, world_id: str, wanted: WorldCreate, origin: Origin) -> World:
        clock, default = origin.clock(), self.parts.worlds.default
        return replace(
            default,
            id=world_id,
            name=wanted.name,
            seed=wanted.random_seed,
            epoch=epoch_of(clock, wanted.seed, wanted.random_seed),
            is_default=False,
            clock=clock,
            work=work_of(replace(default.work, scenario=None), origin.work),
            requests=0,
        )

    async def step_agents(self, world_id: str, order: AgentStep) -> TaskRow | None:
        """Let the agents of a world make one move; the task that moved, None when there is none.

        Raises:
            NotFoundError: there is no such world, or task.
            ConflictError: its agents are not moved by hand, or this task can't be moved.
        """
        async with self.alone(world_id) as world:
            if world.work.agents != "manual":
                raise ConflictError(
                    f"The agents of {world.id} are not moved by hand: make a world with "
                    '{"agents": "manual"}, or start the server with --agents manual'
                )
            return await self.parts.store.write(world, lambda change: move(change, order))

    async def reset(self, world_id: str) -> dict[str, Any]:
        """Put a world back to its seed; its first credentials hold, and sessions, keys and sockets end.

        Raises:
            NotFoundError: there is no such world.
            ConflictError: it was not made here.
        """
        async with self.alone(world_id) as world:
            origin, files = self.origin(world), self.parts.files
            if copies.find(self.parts.store.read, world.id, copies.FIRST) is not None:
                await self.rewrite(world, lambda change: copies.put_back(change, files, copies.FIRST))
            else:
                await self.rewrite(world, lambda change: self._reset(change, origin))
            return self.told(world)

    async def rewrite(self, world: World, work: Callable[[Change], None]) -> None:
        """Replace all that a world holds, by `work`, which gives it another epoch and clock: what was under
        way in it, its sessions and its sockets end. Call it alone with the world.
        """
        await self.parts.scheduler.remove(world)
        await self.parts.deliverer.remove(world)
        before = world.epoch, world.clock, world.requests
        try:
            await self.parts.store.write(world, work)
        except Exception:
            world.epoch, world.clock, world.requests = before
            raise
        finally:
            with suppress(UnavailableError):  # the next start does it
                await copies.settle_files(self.parts.store, self.parts.files, world)
            self._forget(world)
            self.parts.scheduler.add(world)
            self.parts.deliverer.add(world)
            self.parts.hub.restart(world)

    async def delete(self, world_id: str) -> None:
        """Remove a world with all that is its own.

        Raises:
            NotFoundError: there is no such world.
            ConflictError: it was not made here.
        """
        async with self.alone(world_id) as world:
            self.origin(world)
            self.parts.worlds.remove(world)
            self.parts.hub.remove(world)
            await self.parts.scheduler.remove(world)
            await self.parts.deliverer.remove(world)
            try:
                await self.parts.store.write(world, self._drop)
            except Exception:
                world.is_gone = False
                self.parts.worlds.add(world)
                self.begin(world)
                raise
            self._forget(world)
            self._locks.pop(world.id, None)

    async def move_time(self, world_id: str, move: TimeMove) -> dict[str, Any]:
        """Stop, let go or advance the clock of a world, and say where it is.

        Raises:
            NotFoundError: there is no such world.
            ValidationFailedError: the clock can't go there.
            ConflictError: the world never comes to rest.
        """
        async with self.alone(world_id) as world:
            ran = await self._move(move)(world)
            clock = clock_of(world)
            return {"now": stamp(clock.now()), "frozen": clock.is_frozen, "ran": ran}

    def _move(self, move: TimeMove) -> Callable[[World], Awaitable[int]]:
        if (seconds := move.advance) is not None:
            return lambda world: self._lapse.advance(world, seconds)
        if move.run_until_idle:
            return self._lapse.run_until_idle
        return self._lapse.freeze if move.freeze else self._lapse.resume

    @asynccontextmanager
    async def alone(self, world_id: str) -> AsyncGenerator[World, None]:
        """The world, for as long as nobody else controls it.

        Raises:
            NotFoundError: there is none.
        """
        self.require(world_id)
        async with self._locks[world_id]:
            yield self.require(world_id)

    def require(self, world_id: str) -> World:
        """The world of that id.

        Raises:
            NotFoundError: there is none.
        """
        world = self.parts.worlds.get(world_id)
        if world is None:
            raise NotFoundError(
                f"There is no world {world_id}, or it was deleted: GET /_control/worlds lists those there are"
            )
        return world

    def origin(self, world: World) -> Origin:
        stored = settings.get_setting(self.parts.store.read, ORIGIN, world.id)
        if stored is None:
            raise ConflictError(
                f"{world.id} is the server's own: make a world with POST /_control/worlds for what is to be "
                "reset or deleted"
            )
        return Origin(**json.loads(stored))

    def begin(self, world: World) -> None:
        self.parts.hub.add(world)
        self.parts.scheduler.add(world)
        self.parts.deliverer.add(world)

    def _forget(self, world: World) -> None:
        """What is held in memory of a world's callers, and of what they did, holds no longer."""
        self.parts.log.forget(world)
        self.parts.gate.forget()
        self.parts.admission.forget(world)
        self.faults.forget(world)
        self.journal.forget(world)

    def _drop(self, change: Change) -> None:
        self._clear(change)
        copies.drop_all(change, self.parts.files)
        change.world.is_gone = True

    def _reset(self, change: Change, origin: Origin) -> None:
        world, sessions = change.world, change.next_number("session")
        self._clear(change)
        clock = origin.clock()
        world.epoch, world.clock, world.requests = epoch_of(clock, world.epoch), clock, 0
        # The number of a session is in its tokens: those of before must not fit one that comes.
        _add(change.of_world(world), origin, sessions - FIRST_NUMBER + 1)

    def _clear(self, change: Change) -> None:
        # Files go with the change, not after it: a file of the same name may be there by then.
        world_rows.drop(change.sql, change.world.id)
        change.forget_numbers()
        self.parts.files.drop_world(change.world.id)

    def told(self, world: World) -> dict[str, Any]:
        clock = clock_of(world)
        return {
            "world": world.id,
            "organization": {"id": world.id, "name": world.name},
            "epoch": world.epoch,
            "randomSeed": world.seed,
            "agents": world.work.agents,
            "now": stamp(clock.now()),
            "frozen": clock.is_frozen,
        }


def _add(change: Change, origin: Origin, skipped: int) -> None:
    """Store the change's world; `skipped` numbers of sessions are left out."""
    organization = FIRST.further(change.world)
    add_organization(change, organization, origin.seed, origin.password_hash)
    add_admin_key(change, organization.admin_id, KEY_NAME, origin.key_digest)
    note_origin(change, origin)
    if skipped:
        change.next_number("session", by=skipped)


def note_origin(change: Change, origin: Origin) -> None:
    """Store what the change's world is put back to, how its agents work, and its clock."""
    world = change.world
    settings.set_setting(change.sql, ORIGIN, json.dumps(asdict(origin)), world.id)
    if origin.work is not None:
        settings.set_setting(change.sql, WORK, origin.work, world.id)
    keep_clock(change.sql, world.id, clock_of(world))
