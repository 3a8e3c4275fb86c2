"""Who asks, and whether that is too often: decided of every request to the API before anything else is."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from coordinaitor_sdk.server.auth.gate import Gate
from coordinaitor_sdk.server.domain.permissions import Principal
from coordinaitor_sdk.server.domain.rate_limits import TIERS, WINDOW, Bucket, Limit, Standing
from coordinaitor_sdk.server.errors import AuthenticationError, RateLimitError
from coordinaitor_sdk.server.settings import Settings
from coordinaitor_sdk.server.worlds import World, Worlds

REMEMBERED: Final = 10_000
"""Callers whose buckets are kept; those that were quiet the longest are forgotten first."""

_OPEN: Final = frozenset({"/api/docs", "/api/openapi.json"})


class Admission:
    """Identifies the caller of a request, and takes a token from the caller's bucket.

    A bucket belongs to a user, to an API key, or, where no credential holds, to the address that the request
    comes from.
    """

    def __init__(self, gate: Gate, worlds: Worlds, settings: Settings) -> None:
        self._gate = gate
        self._worlds = worlds
        self._settings = settings
        self._buckets: OrderedDict[tuple[str, ...], Bucket] = OrderedDict()

    def admit(self, scope: Scope) -> None:
        """Note the caller, or why there is none, in the request's scope; let the answer tell of the limits.

        Raises:
            RateLimitError: the caller must wait.
        """
        if not scope["path"].startswith("/api/") or scope["path"] in _OPEN:
            return
        try:
            caller = scope["caller"] = self._gate.by_headers(Headers(scope=scope))
        except AuthenticationError as error:
            caller, scope["caller"] = None, error
        self._name(scope, caller)
        if self._settings.rate_limit == "off":
            return
        standing = self._take(scope, caller)
        scope["answer_headers"] += _headers(standing)
        if standing.retry_after:
            raise RateLimitError(standing.retry_after)

    def admit_socket(self, scope: Scope, caller: Principal | None) -> None:
        """Count the opening of a socket as a request of the caller, or of its address without one.

        Raises:
            RateLimitError: the caller must wait.
        """
        if self._settings.rate_limit == "off":
            return
        standing = self._take(scope, caller)
        if standing.retry_after:
            raise RateLimitError(standing.retry_after)

    def _name(self, scope: Scope, caller: Principal | None) -> None:
        """Where the same requests give the same answers, their ids are part of that."""
        request_id = self._world(caller).request_id()
        if request_id is not None:
            scope["request_id"] = request_id
            scope["answer_headers"][0] = (b"x-request-id", request_id.encode())

    def forget(self, world: World) -> None:
        """Fill the buckets of a world's users and keys."""
        for owner in [owner for owner in self._buckets if owner[0] != "address" and owner[1] == world.id]:
            del self._buckets[owner]

    def _take(self, scope: Scope, caller: Principal | None) -> Standing:
        limit = self._limit(caller)
        now = self._now(caller)
        owner = _owner(scope, caller)
        bucket = self._buckets.get(owner)
        if bucket is None:
            if len(self._buckets) >= REMEMBERED:
                self._buckets.popitem(last=False)
            bucket = self._buckets[owner] = Bucket(limit, now)
        self._buckets.move_to_end(owner)
        return bucket.take(limit, now)

    def _limit(self, caller: Principal | None) -> Limit:
        tier = TIERS["free" if caller is None else caller.tier]
        per_hour, burst = self._settings.rate_limit, self._settings.burst
        if caller is not None:
            per_hour, burst = per_hour or caller.rate_limit, burst or caller.burst
        return Limit(int(per_hour or tier.per_hour), burst or tier.burst)

    def _now(self, caller: Principal | None) -> float:
        return self._world(caller).clock.now().timestamp()

    def _world(self, caller: Principal | None) -> World:
        world = None if caller is None else self._worlds.get(caller.world)
        return world or self._worlds.default


def _owner(scope: Scope, caller: Principal | None) -> tuple[str, ...]:
    if caller is None:
        return ("address", (scope.get("client") or ("",))[0])
    if caller.key_id is not None:
        return ("key", caller.world, caller.key_id)
    return ("user", caller.world, caller.user_id)


def _headers(standing: Standing) -> list[tuple[bytes, bytes]]:
    told = {
        b"x-ratelimit-limit": standing.limit.per_hour,
        b"x-ratelimit-remaining": standing.remaining,
        b"x-ratelimit-reset": standing.reset,
        b"x-ratelimit-window": WINDOW,
        b"x-ratelimit-burst-remaining": standing.tokens,
    }
    return [(name, str(value).encode()) for name, value in told.items()]
