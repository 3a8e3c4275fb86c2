"""Which deliveries were handled: asked before the handler runs, told once it has succeeded."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from ..exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

Claim: TypeAlias = Literal["new", "busy", "done"]
"""`new`: handle it. `busy`: it is being handled. `done`: it was handled."""


class Memory(Protocol):
    """Remembers deliveries. Implement it over what all your processes share: Redis, a database.

    A key is 64 hex digits, made of the delivery's id and its bytes: the same in every attempt.
    """

    def claim(self, key: str) -> Claim:
        """Take the delivery, in one step: of two that ask at once, one gets `new` and the other `busy`.

        A claim in a shared store should lapse after some time (longer than the handler ever takes): a process
        that is killed neither records nor releases.
        """
        ...

    def record(self, key: str) -> None:
        """The handler succeeded: from now on the answer is `done`, for two days at least."""
        ...

    def release(self, key: str) -> None:
        """The handler failed: the next who asks gets `new`."""
        ...


class AsyncMemory(Protocol):
    """`Memory` for stores that are awaited."""

    async def claim(self, key: str) -> Claim:
        """As `Memory.claim`."""
        ...

    async def record(self, key: str) -> None:
        """As `Memory.record`."""
        ...

    async def release(self, key: str) -> None:
        """As `Memory.release`."""
        ...


class LocalMemory:
    """A `Memory` in this process, for all its threads. It is lost at a restart and not shared by processes.

    Args:
        max_entries: how many deliveries it keeps; the oldest go first (100,000 take about 23 MB).
        keep: seconds for which it keeps each. The server tries again for about a day.
        clock: seconds that only grow.

    Raises:
        InvalidArgumentError: a bound is not above 0.
    """

    def __init__(
        self,
        *,
        max_entries: int = 100_000,
        keep: float = 172_800.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, bound in (("max_entries", max_entries), ("keep", keep)):
            if not 0 < bound < math.inf:
                raise InvalidArgumentError(f"{name} must be a number above 0, got {bound!r}")
        self._max_entries = max_entries
        self._keep = keep
        self._clock = clock
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._done: OrderedDict[str, float] = OrderedDict()

    def claim(self, key: str) -> Claim:
        """Take the delivery; see `Memory.claim`."""
        with self._lock:
            self._forget()
            if key in self._done:
                return "done"
            if key in self._busy:
                return "busy"
            self._busy.add(key)
            return "new"

    def record(self, key: str) -> None:
        """The handler succeeded; see `Memory.record`."""
        with self._lock:
            self._busy.discard(key)
            self._done[key] = self._clock()
            self._done.move_to_end(key)
            self._forget()

    def release(self, key: str) -> None:
        """The handler failed; see `Memory.release`."""
        with self._lock:
            self._busy.discard(key)

    def _forget(self) -> None:
        oldest = self._clock() - self._keep
        while self._done and (
            len(self._done) > self._max_entries or next(iter(self._done.values())) <= oldest
        ):
            self._done.popitem(last=False)


class NoMemory:
    """Takes every delivery for a new one."""

    def claim(self, key: str) -> Claim:  # noqa: ARG002 - the protocol's
        """Always `new`."""
        return "new"

    def record(self, key: str) -> None:
        """Nothing is kept."""

    def release(self, key: str) -> None:
        """Nothing was kept."""
