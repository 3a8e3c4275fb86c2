"""What every token store does, ours and a user's own."""

import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import astuple

import pytest

from coordinaitor_sdk import FileTokenStore, KeyringTokenStore, MemoryTokenStore, Tokens, TokenStore

TOKENS = Tokens(access="a", refresh="r", expires_at=5.5, lifetime=3.0, origin="http://x:1")


class DatabaseStore:
    """A user's own: a row in a database, locked by a transaction."""

    def __init__(self, path):
        self._path = path
        with self._open() as database:
            database.execute("CREATE TABLE IF NOT EXISTS tokens (access, refresh, expires, lifetime, origin)")

    @contextmanager
    def _open(self):
        database = sqlite3.connect(self._path, timeout=5)
        try:
            yield database
            database.commit()
        finally:
            database.close()

    def load(self):
        with self._open() as database:
            row = database.execute("SELECT * FROM tokens").fetchone()
        return Tokens(*row) if row else None

    def save(self, tokens):
        with self._open() as database:
            database.execute("DELETE FROM tokens")
            database.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?)", astuple(tokens))

    def clear(self):
        with self._open() as database:
            database.execute("DELETE FROM tokens")

    @contextmanager
    def lock(self):
        lock = sqlite3.connect(f"{self._path}.lock", timeout=5)  # of the thread that asks, and no other
        try:
            lock.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            lock.close()


@pytest.fixture(params=["memory", "file", "keyring", "user's own"])
def make(request, tmp_path, ring):
    """Makes a store; what is made twice is the same place, as in two processes."""
    memory = MemoryTokenStore()
    return {
        "memory": lambda: memory,
        "file": lambda: FileTokenStore(tmp_path / "deep" / "tokens.json"),
        "keyring": lambda: KeyringTokenStore(directory=tmp_path),
        "user's own": lambda: DatabaseStore(tmp_path / "tokens.db"),
    }[request.param]


def test_a_new_store_is_empty(make):
    """And emptying it is no error."""
    store: TokenStore = make()
    assert store.load() is None
    store.clear()
    assert store.load() is None


@pytest.mark.parametrize(
    "tokens",
    [TOKENS, Tokens(access="a"), Tokens(refresh="r", origin="http://x:1")],
    ids=["whole", "no refresh token", "no access token"],
)
def test_tokens_come_back_as_they_were_saved(make, tokens):
    """Every field of them, in another process too."""
    make().save(tokens)
    assert make().load() == tokens


def test_the_last_saved_hold(make):
    """Nothing of the former ones stays."""
    store = make()
    store.save(TOKENS)
    store.save(Tokens(refresh="r2", origin="http://y:2"))
    assert store.load() == make().load() == Tokens(refresh="r2", origin="http://y:2")


def test_what_was_cleared_is_gone(make):
    """And can be saved again."""
    store = make()
    store.save(TOKENS)
    store.clear()
    assert make().load() is None
    store.save(TOKENS)
    assert make().load() == TOKENS


def test_one_at_a_time_holds_the_lock(make):
    """The next one waits, and then has it."""
    inside, most, rounds = [], [], 20

    def work():
        for _ in range(rounds):
            with make().lock():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    crowd = [threading.Thread(target=work) for _ in range(3)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert most == [1] * (3 * rounds)


def test_the_lock_is_given_back_after_an_error(make):
    """The next renewal must not wait for one that failed."""
    with pytest.raises(KeyError), make().lock():
        raise KeyError
    with make().lock():
        make().save(TOKENS)
    assert make().load() == TOKENS


def test_no_secret_shows_in_a_repr(make):
    """Stores end up in logs, as clients do."""
    store = make()
    store.save(Tokens(access="secret-a", refresh="secret-r"))
    assert "secret" not in repr(store) + repr(store.load())
