"""One entry of the operating system's keyring, and whether there is a keyring that answers at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from ...exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

T = TypeVar("T")

SERVICE: Final = "coordinaitor"
PROBE_TIMEOUT: Final = 3.0
"""Seconds that a keyring has for writing, reading and deleting one entry."""


class RingEntry:
    """A text in the keyring, under a name of the service `coordinaitor`.

    Args:
        name: of the entry.
        instead: what the user can do where the keyring is of no use, such as "or use FileTokenStore".

    Raises:
        ConfigurationError: `keyring` is not installed.
    """

    def __init__(self, name: str, *, instead: str) -> None:
        self.name: str = name
        self._instead = instead
        self._package()

    def read(self) -> str | None:
        """What is kept; None where nothing is.

        Raises:
            ConfigurationError: the keyring can't be read.
        """
        return self._asked(lambda ring: cast("str | None", ring.get_password(SERVICE, self.name)))

    def write(self, text: str) -> None:
        """Keep this instead; some keyrings ask the user at each write, so not what stands there already.

        Raises:
            ConfigurationError: the keyring can't be read or written.
        """
        if self.read() != text:
            self._asked(lambda ring: ring.set_password(SERVICE, self.name, text))

    def delete(self) -> None:
        """Remove the entry; nothing to do where there is none.

        Raises:
            ConfigurationError: it can't be removed.
        """
        if self.read() is not None:
            self._asked(lambda ring: ring.delete_password(SERVICE, self.name))

    def unusable(self, what: str) -> ConfigurationError:
        """The error that says what is wrong with the entry."""
        return ConfigurationError(f"the keyring's entry {SERVICE}/{self.name} {what}")

    def _asked(self, question: Callable[[Any], T]) -> T:
        """What the keyring says; a backend may raise anything, and its words may be of what it holds."""
        keyring = self._package()
        try:
            return question(keyring.get_keyring())
        except keyring.errors.NoKeyringError:
            told = f"finds no keyring on this machine: install one, {self._instead}"
            raise self.unusable(told) from None
        except (keyring.errors.KeyringLocked, keyring.errors.InitError):
            raise self.unusable(f"can't be used: unlock the keyring, {self._instead}") from None
        except Exception as error:
            told = f"can't be used ({type(error).__name__}): see that the keyring works, {self._instead}"
            raise self.unusable(told) from None

    def _package(self) -> ModuleType:
        try:
            import keyring
        except ImportError:
            raise ConfigurationError(
                f"keyring is not installed: pip install 'coordinaitor[keyring]', {self._instead}"
            ) from None
        return keyring


def is_installed() -> bool:
    """Whether the package `keyring` is there (extra `keyring`); it is not imported."""
    from importlib.util import find_spec

    return find_spec("keyring") is not None


def why_unusable(timeout: float = PROBE_TIMEOUT) -> str | None:
    """What is wrong with the keyring, None if nothing is: an entry is written, read and deleted.

    A process of its own does it: whatever a backend waits for, such as a prompt that nobody sees, it is
    ended in time.
    """
    import subprocess
    import sys

    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "coordinaitor_sdk.profiles.stores.probing"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # it has no terminal to ask at
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not answer within {timeout:g} s"
    except OSError as error:
        return f"it can't be tried: {error.strerror or error}"
    return None if done.returncode == 0 else done.stdout.strip() or "it can't be tried"
