"""The log's rows."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from coordinaitor_sdk.server.store import logs
from coordinaitor_sdk.server.store.logs import Entry


def lines(it, **given):
    """What is kept."""
    wanted = {"level": None, "service": None, "since": None, "limit": 100_000} | given
    return logs.read(it.store.read, it.world.id, **wanted)


def test_entries_of_one_moment_follow_each_other(opened):
    """Each a millisecond after the one before, also over changes, and over the end of a year."""

    async def work() -> None:
        async with opened() as it:
            at = "2023-12-31T23:59:59.998Z"
            for _ in range(2):
                entries = [Entry(at, "info", "api", f"line {n}") for n in range(3)]
                await it.write(lambda change, entries=entries: logs.add(change, entries))
            found = lines(it)
            assert [line["message"] for line in found] == ["line 0", "line 1", "line 2"] * 2
            assert found[2]["timestamp"] == "2024-01-01T00:00:00.000Z"
            assert all(one["timestamp"] < other["timestamp"] for one, other in pairwise(found))

    asyncio.run(work())


def test_old_entries_are_forgotten(opened, monkeypatch):
    """The newest stay, and never fewer than promised."""
    monkeypatch.setattr(logs, "KEPT", 1_000)

    async def work() -> None:
        async with opened() as it:
            for first in range(0, 2_600, 130):
                entries = [
                    Entry(it.clock.now().isoformat(), "info", "api", str(first + n)) for n in range(130)
                ]
                await it.write(lambda change, entries=entries: logs.add(change, entries))
                kept = [int(line["message"]) for line in lines(it)]
                assert kept == list(range(kept[0], first + 130))
                assert min(first + 130, 1_000) <= len(kept) <= 1_630

    asyncio.run(work())
