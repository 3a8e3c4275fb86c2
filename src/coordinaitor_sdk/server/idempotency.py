"""Idempotency keys: what a POST answered is stored with its change, and answered again to the same request.

The document doesn't know them; `docs/contract-decisions.md`, "Idempotency keys", does.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request

from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.domain.permissions import Principal
from coordinaitor_sdk.server.errors import BadRequestError, InProgressError, ValidationFailedError
from coordinaitor_sdk.server.settings import API_PREFIXES
from coordinaitor_sdk.server.store import idempotency
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.worlds import World

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

KEPT_FOR = timedelta(hours=24)

_KEY = re.compile(r"[ -~]{1,255}")


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request that carries a key.

    Attributes:
        principal: the user or the API key, not the token: a refresh changes nothing.
        fingerprint: what makes two requests the same.
    """

    principal: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request is answered with: JSON text, and whether it is an earlier request's answer."""

    status: int
    data: str
    replayed: bool = False


def key_of(request: Request) -> str | None:
    """The key that a POST carries; None when it carries none, or is no POST.

    Raises:
        BadRequestError: it is no key.
    """
    if request.method != "POST" or HEADER not in request.headers:
        return None
    given = request.headers.getlist(HEADER)
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise BadRequestError(f"{HEADER} must be given once, as 1 to 255 printable ASCII characters")
    return given[0]


def keyed(request: Request, principal: Principal, key: str, content: bytes) -> Keyed:
    """The request of `principal` with that key and content. Both prefixes of the API name the same path."""
    owner = f"user:{principal.user_id}" if principal.key_id is None else f"key:{principal.key_id}"
    path = request.url.path
    prefix = next((prefix for prefix in API_PREFIXES if path.startswith(f"{prefix}/")), "")
    query: bytes = request.scope["query_string"]
    digest = hashlib.sha256()
    for piece in (request.method.encode(), path.removeprefix(prefix).encode(), query, content):
        digest.update(b"%d:" % len(piece))
        digest.update(piece)
    return Keyed(owner, key, digest.hexdigest())


class Idempotency:
    """Does the work of each key once.

    Parameters:
        wait: seconds that a request waits for an earlier one with its key.
    """

    def __init__(self, store: Store, wait: float) -> None:
        self._store = store
        self._wait = wait
        self._under_way: dict[tuple[str, str, str], asyncio.Event] = {}

    async def once(
        self, world: World, request: Keyed, work: Callable[[Change], str], status: int
    ) -> Answered:
        """Do `work` and keep its answer, or give the answer that is kept.

        Raises:
            InProgressError: an earlier request with the key is still under way.
            ValidationFailedError: the key was used for another request.
            Exception: what `work` raised; nothing is kept.
        """
        async with self._alone(world.id, request):
            return await self._store.write(world, lambda change: _once(change, request, work, status))

    @asynccontextmanager
    async def _alone(self, world: str, request: Keyed) -> AsyncGenerator[None, None]:
        name = (world, request.principal, request.key)
        ended = asyncio.Event()
        try:
            async with asyncio.timeout(self._wait):
                while (other := self._under_way.get(name)) is not None:
                    await other.wait()
                self._under_way[name] = ended
        except TimeoutError:
            raise InProgressError(f"A request with this {HEADER} is still under way") from None
        try:
            yield
        finally:
            del self._under_way[name]
            ended.set()


def _once(change: Change, request: Keyed, work: Callable[[Change], str], status: int) -> Answered:
    idempotency.forget(change, before=stamp(change.now - KEPT_FOR))
    kept = idempotency.load(change, request.principal, request.key)
    if kept is None:
        data = work(change)
        idempotency.add(change, request.principal, request.key, request.fingerprint, status, data)
        return Answered(status, data)
    if kept.fingerprint != request.fingerprint:
        raise ValidationFailedError({HEADER: [f"{HEADER} was used for another request"]})
    return Answered(kept.status, kept.data, replayed=True)
