"""Keyring backends for `PYTHON_KEYRING_BACKEND`: one that works, and some that don't."""

import json
import os
import time
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class Working(KeyringBackend):
    """Keeps its entries in the file that `RING_FILE` names, and counts there how often it was asked."""

    priority = 1

    def get_password(self, service, username):
        with _Held() as entries:
            entries["asked"] = entries.get("asked", 0) + 1
            return entries.get(f"{service}/{username}")

    def set_password(self, service, username, password):
        with _Held() as entries:
            entries[f"{service}/{username}"] = password

    def delete_password(self, service, username):
        with _Held() as entries:
            del entries[f"{service}/{username}"]


class Failing(KeyringBackend):
    """Is locked, whatever is asked of it."""

    priority = 1

    def get_password(self, service, username):
        raise KeyringLocked("secret words")

    set_password = delete_password = get_password


class Hanging(KeyringBackend):
    """Waits for a prompt that nobody sees."""

    priority = 1

    def get_password(self, service, username):
        time.sleep(600)

    set_password = delete_password = get_password


class Forgetful(KeyringBackend):
    """Says that it keeps what it doesn't."""

    priority = 1

    def get_password(self, service, username):
        return None

    def set_password(self, service, username, password):
        pass

    delete_password = set_password


class WorkingAtFirst(Working):
    """Takes what the probe writes, and nothing after it."""

    def set_password(self, service, username, password):
        if not username.startswith("probe-"):
            raise KeyringLocked("secret words")
        super().set_password(service, username, password)


class _Held:
    """The file's entries; written back at the end."""

    def __enter__(self):
        from filelock import FileLock

        self._path = Path(os.environ["RING_FILE"])
        self._lock = FileLock(f"{self._path}.lock")
        self._lock.acquire()
        self._entries = json.loads(self._path.read_text()) if self._path.exists() else {}
        return self._entries

    def __exit__(self, *_):
        self._path.write_text(json.dumps(self._entries))
        self._lock.release()
