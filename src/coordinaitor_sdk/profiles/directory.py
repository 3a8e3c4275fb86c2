"""The user's config directory, and what may be named in it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORBIDDEN_IN_NAMES: Final = frozenset('/\\:*?"<>|')


def config_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's config directory for coordinaitor."""
    named = environ.get("COORDINAITOR_CONFIG_DIR")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("coordinaitor", appauthor=False)


def read_config(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; empty where there is none.

    Raises:
        ConfigurationError: it can't be read.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        raise ConfigurationError(f"{path} is not readable TOML: {error}; mend or remove it") from error


def active_profile(directory: Path) -> str | None:
    """The profile that holds where none is named, as `config.toml` says; None where it doesn't.

    Raises:
        ConfigurationError: the file can't be read.
    """
    found = read_config(directory / "config.toml").get("active")
    return found if isinstance(found, str) else None


def check_name(name: str, *, what: str) -> None:
    """Refuse a name that can't be a file's in any system, or leaves the directory.

    Args:
        what: is named so, such as "a profile".

    Raises:
        ConfigurationError: it is such a name.
    """
    if not name or name.startswith(".") or _FORBIDDEN_IN_NAMES & set(name):
        raise ConfigurationError(f"{what} can't be named {name!r}: use letters, digits, '-' and '_'")
