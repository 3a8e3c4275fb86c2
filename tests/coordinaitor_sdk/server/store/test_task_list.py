"""The list's statements: every sort is served by an index, and a shape is compiled once."""

from __future__ import annotations

import asyncio
import itertools
import json

import pytest

from coordinaitor_sdk.server.changes.tasks import create_task
from coordinaitor_sdk.server.store import task_list
from coordinaitor_sdk.server.store.task_list import SORTS, TaskFilter, page_of


@pytest.mark.parametrize(("sort_by", "order"), list(itertools.product(SORTS, ("asc", "desc"))))
def test_sort_needs_no_sorting(opened, sort_by, order):
    """SQLite walks an index in order, in both directions, with empty dates last."""

    async def run():
        async with opened() as it:
            statement = task_list._rows((), 0, sort_by, order, few=False)
            page_of(
                it.store.read, it.world.id, TaskFilter(sort_by=sort_by, sort_order=order), limit=5, offset=0
            )
            steps = plan_of(it, statement, limit=5, offset=0)
            assert "USING COVERING INDEX ix_tasks" in steps[1]
            # What is sorted at the end is the page alone.
            assert [step for step in steps if "TEMP B-TREE" in step] in ([], steps[-1:])
            assert steps.index("SCAN page") == 2

    asyncio.run(run())


@pytest.mark.parametrize(
    ("names", "tags", "given"),
    [((), 2, {"tag_0": "a", "tag_1": "b"}), (("match",), 0, {"match": '"abc"'}), (("status",), 1, {})],
)
def test_what_few_have_is_found_first(opened, names, tags, given):
    """A search or a tag is looked up, however many tasks there are: nothing goes through all of a world."""

    async def run():
        async with opened() as it:
            rows = task_list._rows(names, tags, "createdAt", "desc", few=True)
            values = {"status": "active", "tag_0": "a", "limit": 5, "offset": 0} | given
            for statement in (rows, task_list._count(names, tags)):
                assert not [step for step in plan_of(it, statement, **values) if step.endswith("(world=?)")]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        (("project_id", "status", "priority"), {"project_id": "p", "status": "active", "priority": 1}),
        (("status",), {"status": "active"}),
        (("match",), {"match": '"abc"'}),
    ],
)
def test_counted_from_an_index_alone(opened, statement, given):
    """The tasks themselves are not looked at."""

    async def run():
        async with opened() as it:
            steps = plan_of(it, task_list._count(statement, 0), **given)
            assert "SEARCH tasks USING COVERING INDEX" in steps[0]

    asyncio.run(run())


@pytest.mark.parametrize(
    "wanted",
    [
        TaskFilter(tags=("even",)),
        TaskFilter(tags=("even", "third"), sort_by="dueDate"),
        TaskFilter(tags=("third",), status="pending", sort_by="priority", sort_order="asc"),
        TaskFilter(search="needle"),
        TaskFilter(search="needle in", tags=("even",), sort_by="updatedAt"),
    ],
)
def test_both_ways_give_the_same_page(opened, monkeypatch, wanted):
    """A walk along the sort's index and a look at what is found differ in time only."""

    async def run():
        async with opened() as it:
            for number in range(12):
                await it.store.write(it.world, lambda change, number=number: create(change, number))
            pages = []
            for few, walk, merge in itertools.product((-1, 1_000), (0, 10**9), (0, 10**9)):
                for name, value in (("FEW", few), ("WALK", walk), ("MERGE", merge)):
                    monkeypatch.setattr(task_list, name, value)
                pages.append(page_of(it.store.read, it.world.id, wanted, limit=3, offset=1))
            assert all(page == pages[0] for page in pages)
            assert pages[0][1] > 1
            assert len(pages[0][0]) == min(3, pages[0][1] - 1)

    asyncio.run(run())


def create(change, number):
    """Tasks that differ in tags and words."""
    tags = [name for name, each in (("even", 2), ("third", 3)) if number % each == 0]
    title = "A needle in it" if number % 4 else "Hay"
    create_task(change, "user-123", {"title": title, "tags": json.dumps(tags), "priority": 1 + number % 3})


def plan_of(it, statement, **given):
    """The steps of SQLite's plan."""
    statement.execute(it.store.read._connection, {"world": it.world.id} | given).close()
    values = statement._values({"world": it.world.id} | given)
    rows = it.store.read._connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement._text, values)
    return [row[3] for row in rows.fetchall()]


def test_statement_of_a_shape_is_built_once():
    """Other values of the same filters use the same statement."""
    first, second = (TaskFilter(status=status, search="word").status for status in ("active", "failed"))
    assert first != second
    names, _ = task_list._parameters(TaskFilter(status="active", search="word"))
    again, _ = task_list._parameters(TaskFilter(status="failed", search="other"))
    assert task_list._rows(names, 0, "createdAt", "desc", few=True) is task_list._rows(
        again, 0, "createdAt", "desc", few=True
    )
    assert task_list._count(names, 0) is task_list._count(again, 0)
