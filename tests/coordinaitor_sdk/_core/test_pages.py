"""Page arithmetic (DESIGN 3.6)."""

from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk._core.pages import PageWalk
from coordinaitor_sdk.models.common import Page, Pagination
from coordinaitor_sdk.models.task import Task


def page_of(*ids, **pagination):
    return Page[Task](
        data=[Task(id=one) for one in ids], pagination=Pagination(**pagination) if pagination else None
    )


def test_has_next_is_believed():
    """The documented way."""
    walk = PageWalk()
    walk.take(page_of("a", has_next=True))
    assert (walk.page, walk.ended) == (2, False)
    walk.take(page_of("b", has_next=False))
    assert walk.ended


def test_without_has_next_the_number_of_pages_decides():
    """The document's list of agents has no `hasNext`."""
    walk = PageWalk()
    walk.take(page_of("a", page=1, pages=2))
    assert not walk.ended
    walk.take(page_of("b", page=2, pages=2))
    assert walk.ended


def test_an_odd_id_does_not_end_the_walk():
    """Such as an object: items are told apart by all of them."""
    walk = PageWalk()
    odd, other = Task.model_construct(id={"a": 1}), Task.model_construct(id={"a": 2})
    page = Page[Task](data=[], pagination=Pagination(has_next=True))
    page.data.extend([odd, other, odd])
    assert walk.take(page) == [odd, other]
    assert not walk.ended


def test_without_either_a_full_page_has_a_successor():
    """The document's list of projects has no pagination at all."""
    walk = PageWalk(limit=2)
    walk.take(page_of("a", "b"))
    assert not walk.ended
    walk.take(page_of("c"))
    assert walk.ended


def test_items_pushed_onto_the_next_page_are_not_repeated():
    """A row inserted at the top moves the others down."""
    walk = PageWalk()
    assert [task.id for task in walk.take(page_of("b", "a", has_next=True))] == ["b", "a"]
    assert [task.id for task in walk.take(page_of("a", "z", has_next=False))] == ["z"]


def test_a_server_that_ignores_page_ends_the_walk():
    """Only ids already seen, and yet `hasNext`."""
    walk = PageWalk()
    walk.take(page_of("a", "b", has_next=True))
    assert walk.take(page_of("a", "b", has_next=True)) == []
    assert walk.ended


def test_items_without_ids_do_not_make_it_endless():
    """The same content is the same item."""
    walk = PageWalk()
    item = Task(title="no id")
    for _ in range(2):
        walk.take(Page[Task](data=[item], pagination=Pagination(has_next=True)))
    assert walk.ended


@given(st.integers(0, 60), st.integers(1, 7), st.booleans())
def test_every_item_is_seen_once_on_an_honest_server(total, limit, says_next):
    """Whatever the server tells about its pages."""
    ids = [f"t{n}" for n in range(total)]
    walk, seen = PageWalk(limit=limit), []
    while not walk.ended:
        start = (walk.page - 1) * limit
        more = {"has_next": start + limit < total} if says_next else {}
        seen += [task.id for task in walk.take(page_of(*ids[start : start + limit], limit=limit, **more))]
    assert seen == ids
