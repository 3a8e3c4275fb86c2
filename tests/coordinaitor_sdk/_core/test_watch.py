"""The watch state machine (DESIGN 4)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk._core.watch import Machine, TaskUpdate, UpdateQueue, outcome
from coordinaitor_sdk._core.watch_kinds import TASK
from coordinaitor_sdk.exceptions import TaskCancelledError, TaskDeletedError, TaskFailedError
from coordinaitor_sdk.models.task import Task


def task(version=None, status="active", **fields):
    known = {"id": "t", "title": "T", "status": status, "progress": 0.0, **fields}
    return Task.model_validate(known | ({"version": version} if version is not None else {}))


@pytest.fixture
def machine():
    return Machine(TASK, "t")


class TestKinds:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("pending", "progress"),
            ("active", "progress"),
            ("completed", "completed"),
            ("failed", "error"),
            ("cancelled", "cancelled"),
            ("in_progress", "progress"),
            ("done", "completed"),
            ("canceled", "cancelled"),
        ],
    )
    def test_the_first_sight_of_a_task(self, machine, status, kind):
        """The present state first; a finished task yields its end at once, in other servers' words too."""
        assert machine.see(task(1, status), "snapshot").type == kind

    @pytest.mark.parametrize(
        ("change", "kind"),
        [
            ({"progress": 0.5}, "progress"),
            ({"agent_id": "a"}, "assigned"),
            ({"title": "other"}, "updated"),
            ({"status": "failed"}, "error"),
            ({"status": "completed", "agent_id": "a"}, "completed"),
        ],
    )
    def test_the_kind_follows_from_old_and_new_state(self, machine, change, kind):
        """Not from the push's name."""
        machine.see(task(1), "snapshot")
        assert machine.see(task(2).model_copy(update=change), "push").type == kind

    def test_a_change_of_nothing_but_the_version_is_no_step(self, machine):
        """The twin that precedes a deletion."""
        machine.see(task(1), "snapshot")
        assert machine.see(task(2), "push") is None


class TestOrder:
    @given(st.lists(st.integers(1, 30), max_size=60))
    def test_versions_only_rise_whatever_comes_in(self, versions):
        """Duplicates and old pushes are dropped."""
        machine = Machine(TASK, "t")
        seen = [
            update.task.version
            for version in versions
            if (update := machine.see(task(version, progress=version / 100), "push"))
        ]
        assert seen == sorted(set(seen))
        assert not versions or seen[-1] == max(versions)

    def test_without_a_version_the_date_decides(self, machine):
        """A server that knows only the document."""
        later, earlier = datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
        machine.see(task(progress=0.5, updatedAt=later), "snapshot")
        assert machine.see(task(progress=0.1, updatedAt=earlier), "push") is None
        assert machine.see(task(progress=0.6, updatedAt=later), "push").progress == 0.6

    def test_dates_that_can_not_be_compared_do_not_stop_it(self, machine):
        """An odd value stays a string."""
        machine.see(task().model_copy(update={"updated_at": "yesterday"}), "snapshot")
        odd = task(progress=0.2).model_copy(update={"updated_at": datetime(2024, 1, 1, tzinfo=UTC)})
        assert machine.see(odd, "push").progress == 0.2

    def test_a_terminal_state_is_never_left(self, machine):
        """Nothing comes after the end, and the end comes once."""
        assert machine.see(task(5, "completed"), "push").is_final
        assert machine.see(task(6, "active"), "push") is None
        assert machine.see(task(6, "completed"), "push") is None
        assert machine.see_deleted("push") is None

    def test_after_a_rebase_the_next_snapshot_holds(self, machine):
        """Another history of the server has other versions."""
        machine.see(task(50, progress=0.9), "snapshot")
        machine.rebase()
        assert machine.see(task(3, progress=0.1), "push") is None
        assert machine.see(task(3, progress=0.2), "snapshot").progress == 0.2
        assert machine.see(task(2, progress=0.3), "snapshot") is None

    def test_a_partial_push_is_merged(self, machine):
        """What it doesn't hold stays as it was."""
        machine.see(task(1, tags=["a"]), "snapshot")
        update = machine.see(Task.model_validate({"id": "t", "version": 2, "progress": 0.5}), "push")
        assert (update.task.title, update.task.tags, update.progress) == ("T", ["a"], 0.5)

    def test_one_who_joins_later_gets_the_present_state(self, machine):
        """The same id may be watched twice."""
        assert machine.current() is None
        machine.see(task(1, progress=0.3), "snapshot")
        assert machine.current().progress == 0.3


class TestUpdate:
    def test_it_reads_by_key_as_in_the_document(self):
        """`update["type"]`, `update["progress"]`, `update["error"]`."""
        failed = task(1, "failed", progress=None, error={"code": "E", "message": "broke"})
        update = TaskUpdate("error", "t", failed, "push")
        assert (update["type"], update["progress"], update["error"]) == ("error", 0.0, "broke")
        with pytest.raises(KeyError, match="nothing"):
            update["nothing"]

    @pytest.mark.parametrize("error", [None, "just text", {"code": "E"}])
    def test_the_error_of_a_failed_task_is_always_a_string(self, error):
        """Whatever the server tells of it."""
        failed = task(1, "failed").model_copy(update={"error": error})
        assert TaskUpdate("error", "t", failed, "push").error

    def test_the_outcome_of_each_end(self):
        """A value for a completed task, an error for any other."""
        done = task(1, "completed")
        assert outcome(TaskUpdate("completed", "t", done, "push")) is done
        for kind, cls in (
            ("error", TaskFailedError),
            ("cancelled", TaskCancelledError),
            ("deleted", TaskDeletedError),
        ):
            with pytest.raises(cls) as caught:
                outcome(TaskUpdate(kind, "t", done, "push"))
            assert (caught.value.task_id, caught.value.task) == ("t", done)


class TestQueue:
    def test_progress_gives_way_to_newer_progress(self):
        """And says so."""
        queue = UpdateQueue()
        for n in range(3):
            queue.put(TaskUpdate("progress", "t", task(n, progress=n / 10), "push"))
        update = queue.pop()
        assert (update.progress, update.conflated, queue.pop()) == (0.2, True, None)

    def test_other_steps_are_kept_in_order(self):
        """An assignment matters."""
        queue = UpdateQueue()
        for kind in ("progress", "assigned", "progress", "completed"):
            queue.put(TaskUpdate(kind, "t", task(), "push"))
        assert [queue.pop().type for _ in range(4)] == ["progress", "assigned", "progress", "completed"]

    @given(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.sampled_from(["progress", "updated", "assigned"])),
            max_size=80,
        )
    )
    def test_the_bound_holds_and_ends_are_never_dropped(self, steps):
        """A consumer that never reads costs no memory without end."""
        queue = UpdateQueue(bound=5)
        for task_id, kind in steps:
            queue.put(TaskUpdate(kind, task_id, task(), "push"))
        for task_id in "abc":
            queue.put(TaskUpdate("completed", task_id, task(), "push"))
        assert len(queue) <= 5
        left = [queue.pop() for _ in range(len(queue))]
        assert [update.task_id for update in left if update.is_final] == ["a", "b", "c"]
