"""A keyring that is nobody's."""

import keyring
import pytest
from keyring.backend import KeyringBackend


class Ring(KeyringBackend):
    """Keeps its entries in memory.

    Attributes:
        entries: service and name -> what is kept.
        written: how often one was set.
        failure: is raised by whatever is asked.
    """

    priority = 1

    def __init__(self):
        super().__init__()
        self.entries, self.written, self.failure = {}, 0, None

    def get_password(self, service, username):
        self._fail()
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self._fail()
        self.written += 1
        self.entries[service, username] = password

    def delete_password(self, service, username):
        self._fail()
        del self.entries[service, username]

    def _fail(self):
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def ring():
    """The keyring of the test, instead of the machine's."""
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)
