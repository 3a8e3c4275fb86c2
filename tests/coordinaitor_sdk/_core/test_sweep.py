"""Which pages of a list a sweep asks for, on lists that hold still and on lists that don't."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from coordinaitor_sdk._core.repair import validate_leniently
from coordinaitor_sdk._core.sweep import Sweep
from coordinaitor_sdk.models.common import Page
from coordinaitor_sdk.models.task import Task

PAGES = TypeAdapter(Page[Task])
START = datetime(2026, 1, 1, tzinfo=UTC)


class Listed:
    """A list of tasks, each changed a minute after the one before it; the newest change comes first."""

    def __init__(self, length, *, in_order=True, ignores_page=False):
        self.rows = {f"t{n}": [START + timedelta(minutes=n), 1] for n in range(length)}
        self.in_order = in_order
        self.ignores_page = ignores_page
        self.asked = []
        self.sorted = None

    @property
    def end(self):
        return max(moment for moment, _ in self.rows.values())

    def change(self, *ids):
        self.sorted, moment = None, self.end + timedelta(minutes=1)
        for one in ids:
            self.rows[one] = [moment, self.rows[one][1] + 1]

    def page(self, number):
        self.asked.append(number)
        if self.sorted is None:
            by_change = sorted(self.rows, key=lambda one: self.rows[one][0], reverse=True)
            self.sorted = by_change if self.in_order else sorted(self.rows)
        ids = self.sorted
        start = 0 if self.ignores_page else (number - 1) * 100
        data = [
            {"id": one, "version": self.rows[one][1], "updatedAt": self.rows[one][0].isoformat()}
            for one in ids[start : start + 100]
        ]
        paging = {"page": number, "limit": 100, "total": len(ids), "pages": -(-len(ids) // 100)}
        return _page(data, paging)


def _page(data, pagination=None):
    text = json.dumps({"data": data, "pagination": pagination})
    try:
        return PAGES.validate_json(text)
    except ValidationError:
        return validate_leniently(PAGES, json.loads(text))


def read(sweep, listed, between=lambda number: None):
    """The ids that the sweep brings, each with its version."""
    brought = []
    while sweep.page is not None:
        number = sweep.page
        brought += [(row.id, row.version) for row in sweep.take(listed.page(number))]
        between(number)
    return brought


class TestChanges:
    def test_it_ends_where_rows_are_older_than_what_is_known(self):
        """Two hundred changes are three pages, however long the list is."""
        listed = Listed(20_000)
        known = listed.end
        listed.change(*(f"t{n}" for n in range(0, 20_000, 100)))
        sweep = Sweep(known)
        brought = read(sweep, listed)
        assert {(f"t{n}", 2) for n in range(0, 20_000, 100)} <= set(brought)
        assert listed.asked == [1, 2, 3, 1]
        assert (sweep.reached, sweep.whole) == (True, False)

    def test_where_nothing_has_changed_one_page_is_enough(self):
        """Nothing can have moved while it was read."""
        listed = Listed(20_000)
        read(Sweep(listed.end), listed)
        assert listed.asked == [1]

    def test_what_changes_while_it_is_read_is_brought(self):
        """It has moved to the first page, which is asked for again."""
        listed = Listed(1000)
        sweep = Sweep(START + timedelta(minutes=500))
        brought = read(sweep, listed, lambda number: listed.change("t600") if number == 2 else None)
        assert ("t600", 2) in brought

    def test_rows_that_move_up_over_an_edge_are_not_lost(self):
        """Deletions pull them onto the page before."""
        listed = Listed(500)

        def delete(number):
            if number == 1 and "t450" in listed.rows:
                for n in range(450, 460):
                    del listed.rows[f"t{n}"]
                listed.sorted = None

        sweep = Sweep(START)
        brought = {one for one, _ in read(sweep, listed, delete)}
        assert {f"t{n}" for n in range(390, 400)} <= brought

    def test_it_goes_on_behind_what_its_first_page_showed(self):
        """The next sweep's floor."""
        listed = Listed(300)
        sweep = Sweep(None, whole=True)
        read(sweep, listed, lambda number: listed.change("t5") if number == 2 else None)
        assert sweep.newest == START + timedelta(minutes=299)


class TestMissing:
    def test_it_reads_on_while_a_page_is_cheaper_than_each(self):
        """Five thousand of twenty thousand: the list."""
        listed = Listed(20_000)
        sweep = Sweep(None, [f"t{n}" for n in range(0, 20_000, 4)])
        read(sweep, listed)
        assert sweep.missing == set()
        assert len(listed.asked) == 201

    def test_it_stops_where_each_is_cheaper(self):
        """Thirty of twenty thousand: one page, and then one by one."""
        listed = Listed(20_000)
        sweep = Sweep(None, [f"t{n}" for n in range(30)])
        read(sweep, listed)
        assert (listed.asked, len(sweep.missing)) == ([1], 30)


class TestOddServers:
    def test_a_list_in_another_order_is_read_to_its_end(self):
        """A floor says nothing there."""
        listed = Listed(1000, in_order=False)
        sweep = Sweep(listed.end)
        read(sweep, listed)
        assert len(sweep.seen) == 1000
        assert sweep.whole

    def test_a_server_that_ignores_the_page_ends_it(self):
        """What it didn't show isn't taken for unchanged."""
        listed = Listed(1000, ignores_page=True)
        sweep = Sweep(START)
        read(sweep, listed)
        assert len(listed.asked) <= 4
        assert not sweep.reached
        assert not sweep.whole

    @pytest.mark.parametrize("data", [[], [{"id": "a"}], [{"id": "a", "updatedAt": "soon"}]])
    def test_rows_without_a_time_are_read_all_the_same(self, data):
        """To the end of the list."""
        sweep = Sweep(START)
        sweep.take(_page(data))
        assert (sweep.page, sweep.whole) == (None, True)
