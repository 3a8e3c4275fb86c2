"""Token state machine: what a login answer means, when a token is due for refresh (DESIGN 3.10)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, cast

from .http import Secret

if TYPE_CHECKING:
    from ..models.auth import LoginResult

# Shares of a token's lifetime, and the seconds that they never exceed.
_ADVISORY: Final = (0.2, 120.0)
_MANDATORY: Final = (0.05, 10.0)
_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Freshness(Enum):
    """What to do before the next request."""

    FRESH = "use the token"
    ADVISORY = "one caller refreshes it, the others use it meanwhile"
    MANDATORY = "everyone waits for a new one"


@dataclass(frozen=True, slots=True)
class Tokens:
    """A session's tokens; times are Unix seconds, None where unknown.

    Attributes:
        access: goes with every call.
        refresh: gets a new access token.
        expires_at: when the access token ends.
        lifetime: seconds for which it was given.
        origin: of the server that they are for (`https://api.example.com:443`), in a token store.
    """

    access: str | None = field(default=None, repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    lifetime: float | None = None
    origin: str | None = None

    def __post_init__(self) -> None:
        # So that they show nowhere else either.
        for name in ("access", "refresh"):
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, Secret(value))

    def freshness(self, now: float) -> Freshness:
        """Whether the access token is usable at `now`, Unix seconds."""
        if self.access is None:
            return Freshness.MANDATORY
        if self.expires_at is None:
            return Freshness.FRESH
        left = self.expires_at - now
        lifetime = self.lifetime if self.lifetime is not None else math.inf
        if left <= min(_MANDATORY[0] * lifetime, _MANDATORY[1]):
            return Freshness.MANDATORY
        if left <= min(_ADVISORY[0] * lifetime, _ADVISORY[1]):
            return Freshness.ADVISORY
        return Freshness.FRESH

    def renewed(self, result: LoginResult, now: float) -> Tokens:
        """The tokens after a login or refresh; without a new refresh token the old one stays.

        Raises:
            ValueError: the answer holds no access token.
        """
        nested = _object(result.token)
        access = result.access_token or nested.get("accessToken")
        if not isinstance(access, str) or not access:
            raise ValueError("the answer holds no access token")
        refresh = result.refresh_token or nested.get("refreshToken")
        stated = result.expires_in if result.expires_in is not None else nested.get("expiresIn")
        lifetime = seconds_of(stated)
        return Tokens(
            access=access,
            refresh=refresh if isinstance(refresh, str) and refresh else self.refresh,
            expires_at=None if lifetime is None else now + lifetime,
            lifetime=lifetime,
        )


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def seconds_of(expires_in: Any) -> float | None:
    """`expiresIn` in seconds: a number, "3600" or "24h"; None where it can't be read."""
    if isinstance(expires_in, bool):
        return None
    if isinstance(expires_in, (int, float)):
        return float(expires_in) if math.isfinite(expires_in) and expires_in > 0 else None
    if not isinstance(expires_in, str):
        return None
    match = re.fullmatch(r"(\d{1,10}(?:\.\d{1,6})?)\s*([smhd]?)", expires_in.strip(), re.ASCII)
    if match is None:
        return None
    seconds = float(match[1]) * _UNITS[match[2]]
    return seconds if seconds > 0 else None
