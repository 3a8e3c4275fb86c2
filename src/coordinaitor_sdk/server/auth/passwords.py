"""Passwords: argon2, never on the event loop."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_hasher = PasswordHasher()
# Verified against when the e-mail is unknown, so that the time of an answer doesn't tell who exists.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZS1zYWx0LW9mLW5vYm9keQ$IcuPbaA7aeNIZWhxLBjbHkE1mVMEOoiJ0lnbQpTFzu8"
)
_AT_ONCE = 2
"""Each takes 64 MiB while it runs."""


def hash_password(password: str) -> str:
    """The hash that is stored. Takes some 50 ms on purpose."""
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether the password is that of the stored hash; None (no password set) never matches, as slowly."""
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
