"""A store as one client works with it: what others do to it meanwhile, and what it may be told."""

import pytest

from coordinaitor_sdk import ConfigurationError, MemoryTokenStore, Tokens
from coordinaitor_sdk.profiles import SharedTokens

HERE, ELSEWHERE = "http://here:1", "http://elsewhere:2"
OLD, NEW = Tokens(access="secret-old", refresh="r"), Tokens(access="secret-new", refresh="r2")


class Failing(MemoryTokenStore):
    """A user's store whose database is down; what fails is named."""

    failing = ()

    def load(self):
        return self._unless("load", super().load)

    def save(self, tokens):
        return self._unless("save", lambda: super(Failing, self).save(tokens))

    def clear(self):
        return self._unless("clear", super().clear)

    def lock(self):
        return self._unless("lock", super().lock)

    def _unless(self, name, action):
        if name in self.failing:
            raise OSError("secret of the database")
        return action()


@pytest.fixture
def store():
    return Failing()


@pytest.fixture
def shared(store):
    return SharedTokens(store, HERE)


def test_what_is_kept_belongs_to_the_origin(store, shared):
    """And comes back for it."""
    shared.keep(OLD, begun=True)
    assert store.load().origin == HERE
    assert shared.load() == OLD
    assert SharedTokens(store, ELSEWHERE).load() is None


def test_tokens_without_an_origin_are_the_first_clients(store, shared):
    """The user has put them there; once renewed they belong to that server."""
    store.save(OLD)
    assert shared.news() == OLD
    shared.keep(NEW, begun=False)
    assert SharedTokens(store, ELSEWHERE).news() is None


def test_tokens_of_another_server_are_not_replaced(store, shared, caplog):
    """Neither by a renewal nor by a login."""
    SharedTokens(store, ELSEWHERE).keep(OLD, begun=True)
    shared.keep(NEW, begun=True)
    shared.forget()
    assert store.load().access == OLD.access
    assert f"holds tokens for {ELSEWHERE}: give each server a store of its own" in caplog.text


def test_news_are_what_others_have_saved(store, shared):
    """Not what was seen before, nor one's own."""
    assert shared.news() is None
    shared.keep(OLD, begun=True)
    assert shared.news() is None
    SharedTokens(store, HERE).keep(NEW, begun=True)
    assert shared.news() == NEW
    assert shared.news() is None


def test_what_was_removed_meanwhile_stays_so(store, shared):
    """A renewal doesn't undo a logout; a login does."""
    shared.keep(OLD, begun=True)
    store.clear()
    for _ in range(2):
        assert shared.news() is None
        shared.keep(NEW, begun=False)
        assert store.load() is None
    shared.keep(NEW, begun=True)
    assert shared.load() == NEW


def test_tokens_that_could_not_be_saved_are_not_replaced_by_older_ones(store, shared, caplog):
    """The store still holds those that were renewed; the next renewal saves again."""
    shared.keep(OLD, begun=True)
    store.failing = {"save"}
    shared.keep(NEW, begun=False)
    assert "only this process goes on with them" in caplog.text
    assert "secret" not in caplog.text
    store.failing = ()
    assert shared.news() is None
    shared.keep(NEW, begun=False)
    assert shared.load() == NEW


def test_tokens_that_can_not_be_removed_are_a_warning(store, shared, caplog):
    """The session has ended at the server all the same."""
    shared.keep(OLD, begun=True)
    store.failing = {"clear"}
    shared.forget()
    assert "are still stored" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("failing", ["load", "lock"])
def test_a_store_that_fails_before_a_renewal_is_an_error(store, shared, failing):
    """Nothing is sent then; its own words may hold anything, and are not told."""
    store.failing = {failing}
    use = shared.load if failing == "load" else shared.lock().__enter__
    with pytest.raises(ConfigurationError, match="OSError") as caught:
        use()
    assert "secret" not in str(caught.value)


def test_a_store_that_gives_something_else_is_told_so():
    """A row instead of tokens."""
    with pytest.raises(ConfigurationError, match="gave a dict instead of Tokens"):
        SharedTokens(MemoryTokenStore({"access": "a"}), HERE).load()
