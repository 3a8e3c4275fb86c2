"""Tokens as the fields of a JSON object."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from ..._core.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = {"access": "access_token", "refresh": "refresh_token"}
_NUMBERS: Final = frozenset({"expires_at", "lifetime"})


def to_json(tokens: Tokens) -> dict[str, Any]:
    """The fields that hold these tokens."""
    return {_NAMES.get(name, name): value for name, value in asdict(tokens).items()}


def from_json(stored: Mapping[str, Any]) -> Tokens:
    """The tokens that these fields hold; other fields are passed over.

    Raises:
        ValueError: there is no token, or a field is not what it should be.
    """
    found = {field.name: stored.get(_NAMES.get(field.name, field.name)) for field in fields(Tokens)}
    for name, value in found.items():
        kind = (int, float) if name in _NUMBERS else str
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise ValueError(f"{name} is a {type(value).__name__}")
    if not (found["access"] or found["refresh"]):
        raise ValueError("there is no token")
    return Tokens(**found)


def digest(entry: str) -> str:
    """What tells whether a file and a keyring's entry belong together, without telling the entry."""
    import hashlib

    return hashlib.sha256(entry.encode()).hexdigest()
