"""The same seed, scenario and requests give the same bytes, where only control calls move the clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from control import START, Controlled
from receiver import Receiver
from server_process import ServerProcess
from story import Story

from coordinaitor_sdk.server.run import read_scenario

EXAMPLE = Path(__file__).parents[3] / "examples" / "scenario.yaml"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """Refuses each fourth delivery."""
    with Receiver(lambda before: 500 if before % 4 == 3 else 200) as it:
        yield it


def told_by(control: Controlled, receiver: Receiver, world_id: str, random_seed: int) -> list[bytes]:
    """The story of one world; the receiver begins to count anew."""
    receiver.received.clear()
    wanted = {"id": world_id, "now": START, "randomSeed": random_seed, "failureRate": 0.2}
    with control.world(**wanted, scenario=read_scenario(EXAMPLE)) as world:
        return Story(control, world, receiver).tell()


def test_two_servers_tell_the_same_byte_for_byte(receiver):
    """Answers, pushes and deliveries, retried ones too; nothing is left out or masked."""
    runs = []
    for _ in range(2):
        with ServerProcess() as process:
            control = Controlled(process.start(control=True).url)
            with control.http:
                runs.append(told_by(control, receiver, "org-same", 42))
    first, second = runs
    assert [one for one, other in zip(first, second, strict=False) if one != other] == []
    assert b"\n".join(first) == b"\n".join(second)
    kinds = (b"POST /tasks: 201", b'"type":"task.completed"', b"OUT_OF_MEMORY", b'["task.failed"')
    for kind in kinds:
        assert any(kind in line for line in first), kind


def test_worlds_of_one_server_differ_in_their_names_alone(receiver):
    """Not in ids, times, request ids and epochs; another random seed tells another story."""
    with ServerProcess() as process:
        control = Controlled(process.start(control=True).url)
        with control.http:
            one = told_by(control, receiver, "org-one", 42)
            two = told_by(control, receiver, "org-two", 42)
            other = told_by(control, receiver, "org-one", 43)
    assert nameless(two) == nameless(one)
    assert nameless(other) != nameless(one)


def nameless(told: list[bytes]) -> bytes:
    """Without the worlds' ids, and the ETags in which they are."""
    text = b"\n".join(told).replace(b"org-two", b"org-one")
    return re.sub(rb'"etag": "[^ ]+"', b"", text)
