"""From a request to its answer, with the handler run at most once at a time for each delivery."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from ..exceptions import InvalidArgumentError
from ..models.webhook import WebhookEvent
from ._memory import NoMemory
from ._reading import HANDLED, Answer, Reader, answer_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._headers import Headers
    from ._memory import AsyncMemory, Claim, Memory

T = TypeVar("T")

Handler: TypeAlias = Callable[[WebhookEvent], object]


class Receiver(Reader):
    """Receives webhooks, in any web framework.

    Args:
        secret: the webhook's, or several while they are rotated: any of them will do.
        max_age: seconds since the event after which its delivery is refused; None for no limit. A redelivery
            carries the time of the event, not its own: a limit drops those that come late. The server tries
            again for about a day, so 90,000 take all of them.
        memory: where handled deliveries are remembered, so that none is handled twice; None for nowhere.
        clock: Unix seconds.

    Raises:
        InvalidArgumentError: there is no secret, one is empty or no text, `max_age` is no limit, or the
            memory is one for `AsyncReceiver`.
    """

    def __init__(
        self,
        secret: str | Sequence[str],
        *,
        max_age: float | None = None,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(secret, max_age=max_age, clock=clock)
        self._memory: Memory = NoMemory() if memory is None else memory
        if inspect.iscoroutinefunction(self._memory.claim):
            raise InvalidArgumentError("this memory is awaited: use AsyncReceiver, or a memory that is not")

    def receive(self, body: bytes, headers: Headers, handler: Handler) -> Answer:
        """Handle a request: the handler runs if it is a delivery of the server's that was not handled before.

        It is remembered once the handler has returned. When the handler raises, that passes through: the web
        framework reports it and answers 500, and the server's next attempt runs the handler again.

        Args:
            body: byte for byte as it came.
            headers: the request's.
            handler: is given the event. The server waits 10 s for the answer: leave longer work to a queue.

        Raises:
            InvalidArgumentError: the body is no bytes, the headers are none, or the handler is awaited.
        """
        delivery = self._delivery_or_answer(body, headers)
        if isinstance(delivery, Answer):
            return delivery
        claim = self._memory.claim(delivery.key)
        if claim != "new":
            return answer_to(claim)
        try:
            _refuse_awaitable(handler(delivery.event))
        except BaseException:
            self._memory.release(delivery.key)
            raise
        self._memory.record(delivery.key)
        return HANDLED


class AsyncReceiver(Reader):
    """Receives webhooks, in any async web framework. See `Receiver`.

    Args:
        secret: the webhook's, or several while they are rotated: any of them will do.
        max_age: seconds since the event after which its delivery is refused; None for no limit. A redelivery
            carries the time of the event, not its own: a limit drops those that come late. The server tries
            again for about a day, so 90,000 take all of them.
        memory: where handled deliveries are remembered, so that none is handled twice; None for nowhere. One
            that is not awaited must not block.
        clock: Unix seconds.

    Raises:
        InvalidArgumentError: there is no secret, one is empty or no text, or `max_age` is no limit.
    """

    def __init__(
        self,
        secret: str | Sequence[str],
        *,
        max_age: float | None = None,
        memory: AsyncMemory | Memory | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(secret, max_age=max_age, clock=clock)
        self._memory: AsyncMemory | Memory = NoMemory() if memory is None else memory

    async def receive(self, body: bytes, headers: Headers, handler: Handler) -> Answer:
        """Handle a request: the handler runs if it is a delivery of the server's that was not handled before.

        It is remembered once the handler has returned. When the handler raises or is cancelled, that passes
        through: the web framework reports it and answers 500, and the server's next attempt runs the handler
        again.

        Args:
            body: byte for byte as it came.
            headers: the request's.
            handler: is given the event; a coroutine function, or a plain one that does not block. The server
                waits 10 s for the answer: leave longer work to a queue.

        Raises:
            InvalidArgumentError: the body is no bytes, or the headers are none.
        """
        import anyio

        delivery = self._delivery_or_answer(body, headers)
        if isinstance(delivery, Answer):
            return delivery
        claim: Claim = await _settled(self._memory.claim(delivery.key))
        if claim != "new":
            return answer_to(claim)
        try:
            await _settled(handler(delivery.event))
        except BaseException:
            with anyio.CancelScope(shield=True):
                await _settled(self._memory.release(delivery.key))
            raise
        with anyio.CancelScope(shield=True):
            await _settled(self._memory.record(delivery.key))
        return HANDLED


async def _settled(value: Awaitable[T] | T) -> T:
    if inspect.isawaitable(value):
        return await cast("Awaitable[T]", value)
    return value


def _refuse_awaitable(result: Any) -> None:
    if not inspect.isawaitable(result):
        return
    if inspect.iscoroutine(result):
        result.close()  # else Python warns that it was never awaited
    raise InvalidArgumentError("the handler is a coroutine function and nothing awaits it: use AsyncReceiver")
