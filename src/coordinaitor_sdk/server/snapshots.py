"""Snapshots of worlds, and worlds made of others: what tests ask for beside `control`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from coordinaitor_sdk.server import copies
from coordinaitor_sdk.server.auth.passwords import generate_password
from coordinaitor_sdk.server.auth.tokens import key_digest, new_key
from coordinaitor_sdk.server.clock import WorldClock
from coordinaitor_sdk.server.control import KEY_NAME, Control, Origin, note_origin
from coordinaitor_sdk.server.errors import ConflictError
from coordinaitor_sdk.server.export import export
from coordinaitor_sdk.server.importing import fill, read_export
from coordinaitor_sdk.server.schemas.snapshots import Fork, Import
from coordinaitor_sdk.server.seeds.organization import add_admin_key, plus
from coordinaitor_sdk.server.store import users, world_copy
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.timelapse import clock_of
from coordinaitor_sdk.server.webhooks.deliverer import ATTEMPT
from coordinaitor_sdk.server.worlds import World, add_world_row, new_epoch, stored_work

Filling = Callable[[Change, World], None]
"""Within a change of another world, gives a new one its clock, rows and files."""

_NAMED: Final = "snapshot-"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a new world's admin is let in with."""

    password: str
    password_hash: str
    key: str

    @classmethod
    def make(cls) -> Credentials:
        """New ones."""
        return cls(*generate_password(), new_key())


class Snapshots:
    """Takes, restores and deletes snapshots, and forks worlds."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._parts = control.parts

    def of_world(self, world_id: str) -> list[dict[str, Any]]:
        """The snapshots of a world, oldest first.

        Raises:
            NotFoundError: there is no such world.
        """
        world = self._control.require(world_id)
        return [copy.told() for copy in copies.named(self._parts.store.read, world.id)]

    async def take(self, world_id: str, name: str | None) -> dict[str, Any]:
        """Keep a world as it is; without a name under the next number.

        Raises:
            NotFoundError: there is no such world.
            ConflictError: it has a snapshot of that name.
        """
        async with self._control.alone(world_id) as world:
            sql, files = self._parts.store.read, self._parts.files
            chosen = name or _next_name({copy.name for copy in copies.named(sql, world.id)})
            copy = await self._parts.store.write(world, lambda change: copies.take(change, files, chosen))
            return copy.told()

    async def drop(self, world_id: str, name: str) -> None:
        """Remove a snapshot.

        Raises:
            NotFoundError: there is no such world or snapshot.
        """
        async with self._control.alone(world_id) as world:
            await self._parts.store.write(world, lambda change: copies.drop(change, self._parts.files, name))

    async def restore(self, world_id: str, name: str) -> dict[str, Any]:
        """Put a world back to a snapshot, with the passwords and keys of then; sessions and sockets end.

        Raises:
            NotFoundError: there is no such world or snapshot.
            ConflictError: the world was not made here, or an e-mail is in use elsewhere by now.
        """
        async with self._control.alone(world_id) as world:
            self._control.origin(world)
            copies.require(self._parts.store.read, world.id, name)
            files = self._parts.files
            await self._control.rewrite(world, lambda change: copies.put_back(change, files, name))
            return self._control.told(world)

    async def fork(self, world_id: str, wanted: Fork) -> dict[str, Any]:
        """A new world with all that another holds, or held; with credentials of its own.

        Raises:
            NotFoundError: there is no such world or snapshot.
            ConflictError: it has no admin.
        """
        async with self._control.alone(world_id) as source:
            sql = self._parts.store.read
            copy = None if wanted.snapshot is None else copies.require(sql, source.id, wanted.snapshot)
            origin = source.id if copy is None else copy.id

            def copy_world(change: Change, world: World) -> None:
                # Read here, where the rows are copied: a clock that goes has gone on until now.
                world.clock = _alike(clock_of(source)) if copy is None else copy.clock()
                world_copy.fork(change, origin, world.id, without=ATTEMPT)
                copies.copy_files(change.sql, self._parts.files, origin, world.id)
                rename_users(change.sql, world.id, source.id)

            world = replace(
                source,
                id=new_id(),
                name=wanted.name or source.name,
                epoch=new_epoch(),
                is_default=False,
                requests=0,
            )
            return await self.add(source, world, copy_world, work=stored_work(source.work))

    async def export(self, world_id: str) -> str:
        """A world as text.

        Raises:
            NotFoundError: there is no such world.
        """
        async with self._control.alone(world_id) as world:
            return await self._parts.store.write(world, lambda change: export(change, self._parts.files))

    async def read(self, wanted: Import) -> dict[str, Any]:
        """A new world with what an export says; with credentials of its own.

        Raises:
            ValidationFailedError: the export doesn't fit.
        """
        found = await asyncio.to_thread(read_export, wanted.export)

        def fill_world(change: Change, world: World) -> None:
            fill(change.of_world(world), found, self._parts.files)
            rename_users(change.sql, world.id, found.header.world)

        default = self._parts.worlds.default
        world = replace(
            default,
            id=new_id(),
            name=wanted.name or found.header.organization,
            seed=found.header.random_seed,
            epoch=new_epoch(),
            is_default=False,
            work=replace(default.work, scenario=None),
            requests=0,
        )
        return await self.add(default, world, fill_world)

    async def add(
        self, beside: World, world: World, filling: Filling, *, work: str | None = None
    ) -> dict[str, Any]:
        """Store a world that `filling` gives its clock, rows and files, with an admin and a key of its own;
        `work` is how its agents work, as it is stored, None for the server's way.

        Raises:
            ConflictError: `filling` gave it no admin.
        """
        credentials, files = Credentials.make(), self._parts.files

        def store(change: Change) -> str:
            filling(change, world)
            inner = change.of_world(world)
            add_world_row(inner.sql, world, inner.stamp)
            email = _let_in(inner, credentials, work)
            copies.take(inner, files, copies.FIRST)
            return email

        try:
            email = await self._parts.store.write(beside, store)
        except Exception:
            files.drop_world(world.id)
            raise
        self._parts.worlds.add(world)
        self._control.begin(world)
        admin = {"email": email, "password": credentials.password}
        return self._control.told(world) | {"admin": admin, "apiKey": credentials.key}


def new_id() -> str:
    """An id for a new world."""
    return f"org-{secrets.token_hex(6)}"


def rename_users(sql: Sql, world_id: str, before: str) -> None:
    """E-mails are unique on a server: `name+<before>@...` and `name@...` become `name+<world>@...`."""
    given = set[str]()
    renamed: list[tuple[str, str]] = []
    for user_id, email in world_copy.emails(sql, world_id).items():
        name, _, host = email.partition("@")
        other = plus(f"{name.removesuffix(f'+{before}')}@{host}", world_id)
        if other in given:
            other = plus(email, world_id)
        given.add(other)
        renamed.append((user_id, other))
    world_copy.set_emails(sql, world_id, renamed)


def _let_in(change: Change, credentials: Credentials, work: str | None) -> str:
    """Give the world's first admin a new password and key; its e-mail."""
    admin = world_copy.first_admin(change.sql, change.world.id)
    if admin is None:
        raise ConflictError("There is no admin in it, and nobody else can be given the key of a new world")
    users.set_password(change, admin.id, credentials.password_hash)
    add_admin_key(change, admin.id, KEY_NAME, key_digest(credentials.key))
    note_origin(change, Origin("empty", None, work, credentials.password_hash, key_digest(credentials.key)))
    return str(admin.email)


def _alike(clock: WorldClock) -> WorldClock:
    return WorldClock(clock.now() if clock.is_frozen else None, clock.ahead)


def _next_name(taken: set[str]) -> str:
    number = 1
    while f"{_NAMED}{number}" in taken:
        number += 1
    return f"{_NAMED}{number}"
