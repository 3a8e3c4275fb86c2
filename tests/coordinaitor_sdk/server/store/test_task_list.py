"""The list's statements: every sort is served by an index, and a shape is compiled once."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from coordinaitor_sdk.server.store import task_list
from coordinaitor_sdk.server.store.task_list import SORTS, TaskFilter, page_of


@pytest.mark.parametrize(("sort_by", "order"), list(itertools.product(SORTS, ("asc", "desc"))))
def test_sort_needs_no_sorting(opened, sort_by, order):
    """SQLite walks an index in order, in both directions, with empty dates last."""

    async def run():
        async with opened() as it:
            statement, _ = task_list._statements((), 0, sort_by, order)
            page_of(
                it.store.read, it.world.id, TaskFilter(sort_by=sort_by, sort_order=order), limit=5, offset=0
            )
            rows = it.store.read._connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN " + statement._text, (it.world.id, 5, 0)
            ).fetchall()
            plan = " | ".join(row[3] for row in rows)
            assert "USING INDEX ix_tasks" in plan
            assert "TEMP B-TREE" not in plan

    asyncio.run(run())


def test_statement_of_a_shape_is_built_once():
    """Other values of the same filters use the same statement."""
    first, second = (TaskFilter(status=status, search="word").status for status in ("active", "failed"))
    assert first != second
    names, _ = task_list._parameters(TaskFilter(status="active", search="word"))
    again, _ = task_list._parameters(TaskFilter(status="failed", search="other"))
    assert task_list._statements(names, 0, "createdAt", "desc") is task_list._statements(
        again, 0, "createdAt", "desc"
    )
