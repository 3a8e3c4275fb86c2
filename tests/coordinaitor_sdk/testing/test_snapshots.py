"""Snapshots, forks and exports as typed calls."""

from __future__ import annotations

import os

import pytest
from server_process import ServerProcess

from coordinaitor_sdk import ConflictError, Coordinaitor, NotFoundError, ValidationFailedError
from coordinaitor_sdk.testing import Control
from coordinaitor_sdk.testing.snapshots import write_whole

START = "2024-01-15T10:30:00Z"


@pytest.fixture(scope="module")
def control():
    """The control API of a server."""
    with ServerProcess() as process, Control(process.start(control=True).url) as found:
        yield found


def test_a_snapshot_is_taken_listed_restored_and_deleted(control):
    """What was made since is gone."""
    with control.world(now=START) as world, Coordinaitor(control.url, api_key=world.api_key) as client:
        kept = client.tasks.create(title="Kept")
        taken = control.snapshot(world.world, "kept")
        assert (taken.name, taken.epoch, taken.frozen) == ("kept", world.epoch, True)
        assert control.snapshots(world.world) == [taken]
        later = client.tasks.create(title="Later")
        assert control.restore(world.world, "kept").epoch != world.epoch
        assert client.tasks.get(kept.id).title == "Kept"
        with pytest.raises(NotFoundError):
            client.tasks.get(later.id)
        with pytest.raises(ConflictError):
            control.snapshot(world.world, "kept")
        control.delete_snapshot(world.world, "kept")
        assert control.snapshots(world.world) == []
        with pytest.raises(NotFoundError):
            control.restore(world.world, "kept")


def test_a_fork_and_an_import_are_worlds_of_their_own(control, tmp_path):
    """Under the same ids."""
    with control.world(now=START) as world:
        fork = control.fork(world.world, name="Initech")
        assert fork.organization.name == "Initech"
        control.export_to(world.world, tmp_path / "world.jsonl")
        other = control.import_from(tmp_path / "world.jsonl")
        for each in (fork, other):
            with Coordinaitor(control.url, api_key=each.api_key) as client:
                assert client.tasks.get("task-123").title == "Implement user authentication"
            control.delete(each.world)


def test_an_export_that_does_not_fit_is_told_by_line_and_field(control):
    """As the details of the error."""
    with control.world() as world:
        text = control.export(world.world).replace('"frozen": false', '"frozen": 0')
    with pytest.raises(ValidationFailedError) as refused:
        control.import_world(text)
    assert refused.value.details == {"line 1, frozen": ["Frozen must be true or false"]}


def test_a_file_that_can_not_be_written_stays_as_it_was(tmp_path, monkeypatch):
    """The new one is beside it until it is whole, and goes if it never is."""
    file = tmp_path / "a.jsonl"
    file.write_text("before")

    def refuse(_number: int) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="disk full"):
            write_whole(file, "after")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.jsonl": "before"}
    write_whole(file, "after\n")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.jsonl": "after\n"}
