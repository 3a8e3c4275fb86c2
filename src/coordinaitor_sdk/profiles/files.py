"""Files with secrets: read and written whole, by their owner alone, one process after the other."""

from __future__ import annotations

import json
import logging
import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

logger: logging.Logger = logging.getLogger("coordinaitor_sdk")

_OF_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file, or None where there is no file; other users are shut out of it.

    Raises:
        ConfigurationError: it can't be read, holds something else, or belongs to another user.
    """
    try:
        with path.open("rb") as file:
            _shut_out_others(path, file.fileno())
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failed(path, "read", error) from error
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise damaged(path)
    return fields  # pyright: ignore[reportUnknownVariableType] - JSON


def write_json(path: Path, fields: Mapping[str, Any]) -> None:
    """Write a JSON file as `write_private` does.

    Raises:
        ConfigurationError: it can't be written.
    """
    write_private(path, json.dumps(fields, indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 whole: readers see the old one or the new one, after a power cut too.

    Raises:
        ConfigurationError: it can't be written, or is read-only.
    """
    make_private_dir(path.parent)
    try:
        _check_writable(path)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # made 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise _failed(path, "written", error) from error


def check_replaceable(path: Path) -> None:
    """Find out beforehand whether `write_private` can work.

    Raises:
        ConfigurationError: it can't.
    """
    make_private_dir(path.parent)
    try:
        _check_writable(path)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _failed(path, "written", error) from error


def remove(path: Path) -> bool:
    """Remove a file; False where there was none.

    Raises:
        ConfigurationError: it can't be removed.
    """
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _failed(path, "removed", error) from error
    return True


@contextmanager
def locked(path: Path, *, timeout: float) -> Generator[None]:
    """Hold a lock file, which no two processes do at once.

    Args:
        timeout: seconds to wait for whoever holds it.

    Raises:
        ConfigurationError: the wait was too long, or the file can't be made.
    """
    from filelock import FileLock, Timeout

    make_private_dir(path.parent)
    # Not every caller gives it back on the thread that has taken it.
    lock = FileLock(path, timeout=timeout, thread_local=False, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise ConfigurationError(
            f"{path} has been locked by another process for {timeout:g} s; end that one if it hangs"
        ) from None
    except OSError as error:
        raise _failed(path, "locked", error) from error
    try:
        yield
    finally:
        lock.release()


def make_private_dir(directory: Path) -> None:
    """Make a directory of mode 0700 where there is none.

    Raises:
        ConfigurationError: it can't be made.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(directory, "made", error) from error


def damaged(path: Path) -> ConfigurationError:
    """The error of a file that holds no credentials, or no whole ones."""
    return ConfigurationError(
        f"{path} is damaged: remove it, and log in again with `coordinaitor auth login` or `auth.login()`"
    )


def _shut_out_others(path: Path, descriptor: int) -> None:
    found = os.fstat(descriptor)
    _check_owner(path, found)
    if hasattr(os, "geteuid") and found.st_mode & _OF_OTHERS:
        logger.warning("%s could be read by other users; if they did, log out and in again", path)
        with suppress(OSError):  # a read-only file system: the warning is all that can be done
            os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & ~_OF_OTHERS)


def _check_owner(path: Path, found: os.stat_result) -> None:
    # Replacing the file, as a renewal does, takes it from its owner: so root doesn't touch it either.
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():  # Windows: its access list decides
        raise ConfigurationError(
            f"{path} belongs to another user (uid {found.st_uid}): work as that user, or choose another file"
        )


def _check_writable(path: Path) -> None:
    """A file is replaced by another, which its own mode doesn't hinder: but whoever set that meant it."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    _check_owner(path, found)
    if not found.st_mode & stat.S_IWUSR:
        raise ConfigurationError(f"{path} is read-only: make it writable, or choose another file")


def _failed(path: Path, done: str, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"{path} can't be {done}: {error.strerror or error}")
