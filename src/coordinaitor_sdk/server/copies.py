"""Copies of a world within one change: rows, files, moment."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

from coordinaitor_sdk.server.clock import WorldClock, moment_of
from coordinaitor_sdk.server.errors import ConflictError, NotFoundError
from coordinaitor_sdk.server.files import FileStore
from coordinaitor_sdk.server.store import snapshots, world_copy, world_rows
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.timelapse import clock_of
from coordinaitor_sdk.server.worlds import World, epoch_of, keep_clock

FIRST: Final = ""
"""The name of the snapshot that tells what a forked or imported world was made with."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A snapshot: `id` stands for a world in the rows and files that are its own."""

    id: str
    name: str
    epoch: str
    taken_at: str
    frozen: bool

    def told(self) -> dict[str, Any]:
        """As the control API says it."""
        return {"name": self.name, "epoch": self.epoch, "takenAt": self.taken_at, "frozen": self.frozen}

    def clock(self) -> WorldClock:
        """A clock that stands where that of the world stood, or goes on from there."""
        return clock_at(self.taken_at, frozen=self.frozen)


def clock_at(moment: str, *, frozen: bool) -> WorldClock:
    """A clock that stands at that moment, or goes on from it."""
    clock = WorldClock(moment_of(moment))
    if not frozen:
        clock.resume()
    return clock


def find(sql: Sql, world: str, name: str) -> Copy | None:
    """The snapshot of that name."""
    row = snapshots.find(sql, world, name)
    return None if row is None else Copy(row.copy, row.name, row.epoch, row.taken_at, bool(row.frozen))


def require(sql: Sql, world: str, name: str) -> Copy:
    """The snapshot of that name.

    Raises:
        NotFoundError: there is none.
    """
    if (found := find(sql, world, name)) is None:
        raise NotFoundError(
            f"{world} has no snapshot {name!r}: GET /_control/worlds/{world}/snapshots lists those there are"
        )
    return found


def named(sql: Sql, world: str) -> list[Copy]:
    """The snapshots that were asked for, oldest first."""
    return [
        Copy(row.copy, row.name, row.epoch, row.taken_at, bool(row.frozen))
        for row in snapshots.of_world(sql, world)
        if row.name != FIRST
    ]


def take(change: Change, files: FileStore, name: str) -> Copy:
    """Keep the change's world as it is, under a name that is free.

    Raises:
        ConflictError: it has a snapshot of that name.
    """
    world = change.world
    if find(change.sql, world.id, name) is not None:
        raise ConflictError(
            f"{world.id} has a snapshot {name!r} already: delete it first, or give another name"
        )
    copy = Copy(f"snap-{secrets.token_hex(6)}", name, world.epoch, change.stamp, clock_of(world).is_frozen)
    world_copy.keep(change, copy.id)
    copy_files(change.sql, files, world.id, copy.id)
    snapshots.add(change, name, copy.id, copy.epoch, copy.taken_at, frozen=copy.frozen)
    return copy


def put_back(change: Change, files: FileStore, name: str) -> None:
    """Make the change's world what it was, under a new epoch; after the transaction call `settle_files`.

    Raises:
        NotFoundError: there is no such snapshot.
        ConflictError: an e-mail of it is in use elsewhere by now.
    """
    world, copy = change.world, require(change.sql, change.world.id, name)
    if (email := world_copy.taken_email(change.sql, copy.id, world.id)) is not None:
        raise ConflictError(f"The e-mail {email} of the snapshot is in use in another world by now")
    clock = copy.clock()
    epoch = epoch_of(clock, world.epoch)
    world_copy.put_back(change, copy.id, epoch)
    copy_files(change.sql, files, copy.id, world.id, unless=epoch)
    world.epoch, world.clock, world.requests = epoch, clock, 0
    keep_clock(change.sql, world.id, clock)


async def settle_files(store: Store, files: FileStore, world: World) -> None:
    """After a world was put back or was not: its files are those that its rows tell of."""

    def settle(change: Change) -> None:
        # In the writer, so that no file comes in between.
        files.settle(world.id, world.epoch)
        files.tidy("tasks", world.id, set(world_copy.task_files(change.sql, world.id)))
        files.tidy("avatars", world.id, set(world_copy.avatars(change.sql, world.id)))

    await store.write(world, settle)


def copy_files(sql: Sql, files: FileStore, source: str, target: str, *, unless: str = "") -> None:
    """Give the rows that were copied to `target` their files."""
    files.copy("tasks", source, target, world_copy.task_files(sql, target), unless)
    files.copy("avatars", source, target, world_copy.avatars(sql, target), unless)


def drop(change: Change, files: FileStore, name: str) -> None:
    """Remove a snapshot.

    Raises:
        NotFoundError: there is none of that name.
    """
    copy = require(change.sql, change.world.id, name)
    world_rows.drop_unindexed(change.sql, copy.id)
    snapshots.drop(change, name)
    files.drop_world(copy.id)


def drop_all(change: Change, files: FileStore) -> None:
    """Remove every snapshot of the change's world."""
    for row in snapshots.of_world(change.sql, change.world.id):
        drop(change, files, row.name)
