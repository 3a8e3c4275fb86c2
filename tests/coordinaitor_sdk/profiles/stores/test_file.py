"""Tokens in a file: what can be wrong with it."""

import os
import stat

import pytest

from coordinaitor_sdk import ConfigurationError, FileTokenStore, Tokens
from coordinaitor_sdk.profiles import Profile

TOKENS = Tokens(access="secret-a", refresh="secret-r")


@pytest.fixture
def store(tmp_path):
    return FileTokenStore(tmp_path / "tokens.json", lock_timeout=0.1)


@pytest.fixture
def kept(store):
    """The same, with tokens in it."""
    store.save(TOKENS)
    return store


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_is_for_its_owner_alone(tmp_path):
    """Mode 0600, in a directory of mode 0700 where it had to be made."""
    store = FileTokenStore(str(tmp_path / "new" / "tokens.json"))
    store.save(TOKENS)
    assert (mode(store.path), mode(store.path.parent)) == (0o600, 0o700)


def test_a_path_may_begin_at_home_and_stays_where_it_was(tmp_path, monkeypatch):
    """Whatever the working directory becomes."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    stores = FileTokenStore("~/tokens.json"), FileTokenStore("tokens.json")
    monkeypatch.chdir("/")
    assert {store.path for store in stores} == {tmp_path / "tokens.json"}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"\xff\xfe", b"{}", b'{"notes": "mine"}', b'{"access_token": 5}',
        b'{"access_token": "a", "expires_at": "soon"}', b'{"refresh_token": ""}', b"[" * 100_000,
    ],
    ids=lambda content: content[:20].decode("latin-1"),
)  # fmt: skip
def test_a_damaged_file_is_an_error_and_stays_as_it_is(store, content):
    """It says which file, and what to do."""
    store.path.write_bytes(content)
    store.path.chmod(0o600)
    for use in (store.load, lambda: store.save(TOKENS)):
        with pytest.raises(ConfigurationError, match=r"tokens\.json is damaged.*log in again"):
            use()
    assert store.path.read_bytes() == content


def test_an_api_key_in_the_file_is_not_replaced(tmp_path):
    """It is a profile's, and cannot be got again."""
    profile = Profile(directory=tmp_path)
    profile.save_api_key("ak_1", base_url="http://localhost:3000")
    store = FileTokenStore(profile.credentials_path)
    assert store.load() is None
    with pytest.raises(ConfigurationError, match="API key"):
        store.save(TOKENS)
    assert profile.read_credentials()["api_key"] == "ak_1"


def test_a_read_only_file_is_not_replaced(kept):
    """The lock says so before anything is asked of a server: the tokens in the file stay the session's."""
    kept.path.chmod(0o400)
    assert kept.load() == TOKENS
    for use in (kept.lock().__enter__, lambda: kept.save(Tokens(access="b"))):
        with pytest.raises(ConfigurationError, match="read-only: make it writable"):
            use()
    assert kept.load() == TOKENS


def test_a_directory_that_can_not_be_written_is_an_error(tmp_path):
    """A file stands where it should be."""
    (tmp_path / "file").write_text("")
    store = FileTokenStore(tmp_path / "file" / "tokens.json")
    for use in (store.lock().__enter__, lambda: store.save(TOKENS)):
        with pytest.raises(ConfigurationError, match="can't be"):
            use()


def test_a_directory_in_the_files_place_is_an_error(store):
    """Reading, writing and removing."""
    store.path.mkdir()
    for use in (store.load, lambda: store.save(TOKENS), store.clear):
        with pytest.raises(ConfigurationError, match=r"tokens\.json can't be"):
            use()


def test_a_disk_that_takes_nothing_keeps_the_former_tokens(kept, monkeypatch):
    """And no half-written file stays behind."""

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(ConfigurationError, match="can't be written: No space left"):
        kept.save(Tokens(access="b"))
    assert kept.load() == TOKENS
    assert list(kept.path.parent.iterdir()) == [kept.path]


def test_a_file_of_another_user_is_not_read_and_not_taken(kept, monkeypatch):
    """Not by root either: a renewal would take it from its owner."""
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    for use in (kept.load, kept.lock().__enter__, lambda: kept.save(TOKENS)):
        with pytest.raises(ConfigurationError, match=f"belongs to another user .uid {owner}."):
            use()


def test_a_file_that_others_can_read_is_closed_to_them(kept, caplog):
    """With a warning that holds no secret."""
    kept.path.chmod(0o644)
    assert kept.load() == TOKENS
    assert mode(kept.path) == 0o600
    assert "could be read by other users" in caplog.text
    assert "secret" not in caplog.text


def test_a_process_that_hangs_with_the_lock_is_named(store):
    """Instead of waiting for it without end."""
    with (
        store.lock(),
        pytest.raises(ConfigurationError, match=r"json\.lock has been locked .* for 0\.1 s"),
        FileTokenStore(store.path, lock_timeout=0.1).lock(),
    ):
        raise AssertionError("both hold it")
