"""Passwords: argon2, never on the event loop; a plain hash for those that were generated."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_hasher = PasswordHasher()
# Verified against when the e-mail is unknown, so that the time of an answer doesn't tell who exists.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZS1zYWx0LW9mLW5vYm9keQ$IcuPbaA7aeNIZWhxLBjbHkE1mVMEOoiJ0lnbQpTFzu8"
)
_GENERATED = "sha256$"
_AT_ONCE = 2
"""Each takes 64 MiB while it runs."""


def hash_password(password: str) -> str:
    """The hash that is stored. Takes some 50 ms on purpose."""
    return _hasher.hash(password)


def generate_password() -> tuple[str, str]:
    """A new password and its hash. It is random and long, as a key is: a plain hash can't be guessed back."""
    password = secrets.token_urlsafe(24)
    return password, _hash_generated(password)


def _hash_generated(password: str) -> str:
    return _GENERATED + hashlib.sha256(password.encode()).hexdigest()


def matches(password: str, stored: str | None) -> bool:
    """Whether the password is that of the stored hash; None (no password set) never matches, as slowly."""
    if stored is not None and stored.startswith(_GENERATED):
        return hmac.compare_digest(_hash_generated(password), stored)
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


class PasswordChecker:
    """Checks passwords in threads, a few at once."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def matches(self, password: str, stored: str | None) -> bool:
        """As the function of that name."""
        async with self._slots:
            return await asyncio.to_thread(matches, password, stored)
