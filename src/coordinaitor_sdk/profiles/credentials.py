"""One kind of credential from one level, never two mixed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._core.http import Secret
from .._core.tokens import Tokens
from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .stores.shared import SharedTokens


@dataclass(frozen=True, slots=True)
class Credentials:
    """One kind of credential: an API key, an e-mail with its password, or a session's tokens.

    Attributes:
        source: where it came from, such as "argument", "environment" or "profile default".
        store: where its tokens are kept, of a profile or of the client's `token_store`.
    """

    source: str
    api_key: str | None = field(default=None, repr=False)
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    tokens: Tokens | None = None
    store: SharedTokens | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("api_key", "password"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, Secret(value))


def one_kind(level: str, fields: Mapping[str, str | None]) -> Credentials | None:
    """The credential of one level, or None where it has none.

    Args:
        level: where the fields come from, such as "argument".
        fields: `api_key`, `email`, `password`, `access_token` and `refresh_token`.

    Raises:
        ConfigurationError: two kinds stand there, half of one, or one that no header can carry.
    """
    for name, value in fields.items():
        if value is not None:
            _check_secret(name, value, level)
    api_key, email, password = fields["api_key"], fields["email"], fields["password"]
    access, refresh = fields["access_token"], fields["refresh_token"]
    kinds = [
        name
        for name, there in (
            ("api_key", api_key),
            ("email and password", email or password),
            ("access_token or refresh_token", access or refresh),
        )
        if there
    ]
    if len(kinds) > 1:
        raise ConfigurationError(f"give one kind of credential, not {' and '.join(kinds)} (from {level})")
    if (email is None) != (password is None):
        missing = "password" if password is None else "email"
        raise ConfigurationError(f"email and password go together: {missing} is missing (from {level})")
    if not kinds:
        return None
    tokens = Tokens(access=access, refresh=refresh) if access or refresh else None
    return Credentials(level, api_key=api_key, email=email, password=password, tokens=tokens)


def _check_secret(name: str, value: str, level: str) -> None:
    """Refuse what no HTTP header can carry, before a transport quotes it in an error."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise ConfigurationError(f"{name} (from {level}) must be a string")
    if not value:
        raise ConfigurationError(f"{name} (from {level}) is empty")
    if name != "password" and not (value.isascii() and value.isprintable() and " " not in value):
        raise ConfigurationError(
            f"{name} (from {level}) holds a blank, a line break or a character that is not ASCII"
        )
