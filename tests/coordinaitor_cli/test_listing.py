"""How many of a list are shown, and what is said about the others."""

import pytest

from coordinaitor_cli.listing import take
from coordinaitor_sdk.models.common import Page, Pagination


class Pages:
    """A pager of pages of three numbers."""

    def __init__(self, count, **pagination):
        self.count, self.pagination = count, pagination
        self.fetched = 0

    def pages(self):
        for start in range(0, self.count, 3):
            self.fetched += 1
            data = list(range(start, min(start + 3, self.count)))
            known = {
                name: value(start) if callable(value) else value for name, value in self.pagination.items()
            }
            yield Page.model_construct(
                data=data, pagination=Pagination.model_construct(**known) if known else None
            )


@pytest.mark.parametrize(
    ("count", "most", "pagination", "remark"),
    [
        (7, 3, {"total": 7}, "showing 3 of 7; --all shows all"),
        (7, 4, {"total": 7}, "showing 4 of 7; --all shows all"),
        (7, 7, {"total": 7}, None),
        (7, 9, {"total": 7}, None),
        (7, None, {"total": 7}, None),
        (7, 4, {}, "showing 4, there are more; --all shows all"),
        (7, 3, {"has_next": True}, "showing 3, there are more; --all shows all"),
        (3, 3, {"has_next": False}, None),
        (7, 3, {"total": "many"}, None),
        (0, 3, {"total": 0}, None),
    ],
)
def test_taking_the_first_items(count, most, pagination, remark):
    """What is left out is told, where the server lets it be known."""
    pager = Pages(count, **pagination)
    taken = take(pager, most)
    assert taken.items == list(range(count))[:most]
    assert taken.remark == remark


def test_no_page_is_fetched_in_vain():
    """A page beyond the limit is not asked for."""
    pager = Pages(9, total=9)
    take(pager, 3)
    assert pager.fetched == 1
