"""Tokens in the keyring: what goes where, and what can be wrong with it."""

import stat
import subprocess
import sys

import keyring
import pytest
from keyring.errors import InitError, KeyringLocked, PasswordSetError

from coordinaitor_sdk import ConfigurationError, KeyringTokenStore, Tokens

TOKENS = Tokens(access="secret-a" * 500, refresh="secret-r", expires_at=5.0, lifetime=3.0)
ENTRY = ("coordinaitor", "default")


@pytest.fixture
def store(tmp_path, ring):
    return KeyringTokenStore(directory=tmp_path)


def test_the_refresh_token_is_in_the_keyring_alone(store, ring):
    """What stands in the file ends within the hour; what stands in the entry fits into one of Windows."""
    store.save(TOKENS)
    assert TOKENS.refresh in ring.entries[ENTRY]
    assert len(ring.entries[ENTRY]) < 200
    written = store.cache_path.read_text()
    assert TOKENS.refresh not in written
    assert TOKENS.access in written
    assert stat.S_IMODE(store.cache_path.stat().st_mode) == 0o600


def test_a_refresh_token_that_stays_is_not_written_again(store, ring):
    """Some keyrings ask the user at each write."""
    store.save(TOKENS)
    store.save(Tokens(access="b", refresh=TOKENS.refresh))
    assert ring.written == 1
    assert store.load().access == "b"


@pytest.mark.parametrize("content", [None, "{", '{"access_token": "of another", "entry": "x"}'])
def test_without_its_file_the_refresh_token_is_enough(store, content):
    """An access token is got with it."""
    store.save(TOKENS)
    store.cache_path.unlink()
    if content is not None:
        store.cache_path.write_text(content)
    assert store.load() == Tokens(refresh=TOKENS.refresh)


def test_two_names_are_two_entries(tmp_path, ring):
    """One for each server."""
    first, second = KeyringTokenStore("a", directory=tmp_path), KeyringTokenStore("b", directory=tmp_path)
    first.save(TOKENS)
    assert second.load() is None
    assert set(ring.entries) == {("coordinaitor", "a")}


def test_a_name_that_is_a_path_is_refused(ring):
    """It would leave the directory."""
    with pytest.raises(ConfigurationError, match="keyring entry"):
        KeyringTokenStore("../x")


@pytest.mark.parametrize("entry", ["", "{", "[]", "{}", '{"refresh_token": 5, "origin": null}'])
def test_a_damaged_entry_is_an_error(store, ring, entry):
    """Which says what it is about."""
    ring.entries[ENTRY] = entry
    with pytest.raises(ConfigurationError, match="coordinaitor/default is damaged"):
        store.load()


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (KeyringLocked("secret"), "unlock the keyring"),
        (InitError("secret"), "unlock the keyring"),
        (PasswordSetError("secret"), "PasswordSetError"),
        (OSError("secret"), "OSError"),
    ],
)
def test_a_keyring_that_fails_is_a_clear_error(store, ring, failure, told):
    """Without the backend's words, which may be of what it holds."""
    ring.failure = failure
    for use in (store.load, lambda: store.save(TOKENS), store.clear):
        with pytest.raises(ConfigurationError, match=told) as caught:
            use()
        assert "secret" not in str(caught.value)


def test_without_a_keyring_on_the_machine_the_file_is_named(store, ring):
    """As in a container."""
    from keyring.backends.fail import Keyring

    keyring.set_keyring(Keyring())
    with pytest.raises(ConfigurationError, match=r"no keyring on this machine.*FileTokenStore"):
        store.load()


def test_without_the_package_the_extra_is_named(monkeypatch):
    """Before anything is sent."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'coordinaitor\[keyring\]'"):
        KeyringTokenStore()


def test_importing_the_store_does_not_load_keyring():
    """It takes as long as all the rest."""
    code = "import sys; from coordinaitor_sdk import KeyringTokenStore; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "keyring" not in done.stdout.split()
