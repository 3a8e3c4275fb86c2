"""A server with a control API, and worlds in which things go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from control import START, Controlled, World
from server_process import ServerProcess


class Faulty:
    """A world, and its faults and journal."""

    def __init__(self, control: Controlled, world: World) -> None:
        self.control = control
        self.world = world
        self.api = world.api

    def add(self, kind: str, **fields: Any) -> str:
        """A new fault's id."""
        return self.ask("POST", "faults", 201, json={"kind": kind, **fields})["id"]

    def faults(self) -> Any:
        """What is told of all of them."""
        return self.ask("GET", "faults", 200)

    def state(self, fault: str) -> tuple[int, int, bool]:
        """How often it matched and happened, and whether it is over."""
        found = next(one for one in self.faults()["faults"] if one["id"] == fault)
        return found["matched"], found["fired"], found["spent"]

    def journal(self, **wanted: Any) -> Any:
        """The journal's entries."""
        return self.ask("GET", "journal", 200, params=wanted)["entries"]

    def ask(self, method: str, path: str, status: int, **given: Any) -> Any:
        """The body of an answer of that status."""
        return self.control.ask(method, f"/worlds/{self.world.id}/{path}", status, **given)

    def statuses(self, times: int, path: str = "/agents") -> list[int]:
        """What so many calls in a row are answered."""
        return [self.api.get(path).status_code for _ in range(times)]

    def titles(self) -> list[str]:
        """Of the tasks that there are."""
        return [task["title"] for task in self.world.get("/tasks")]


@pytest.fixture(scope="module")
def process() -> Iterator[ServerProcess]:
    """A server with a control API; its agents leave tasks alone."""
    with ServerProcess() as it:
        yield it.start(control=True, agents="off")


@pytest.fixture(scope="module")
def control(process: ServerProcess) -> Iterator[Controlled]:
    """That API."""
    found = Controlled(process.url)
    with found.http:
        yield found


@pytest.fixture
def faulty(control: Controlled) -> Iterator[Faulty]:
    """An empty world whose clock stands."""
    with control.world(seed="empty", now=START) as world:
        yield Faulty(control, world)


@pytest.fixture
def other(control: Controlled) -> Iterator[Faulty]:
    """Another such."""
    with control.world(seed="empty", now=START) as world:
        yield Faulty(control, world)
