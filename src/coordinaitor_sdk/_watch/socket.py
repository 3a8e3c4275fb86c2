"""One WebSocket connection. Nothing else imports websockets."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI

from .._core.retry_after import retry_after
from .._version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._runtime.network import Network

MAX_MESSAGE_BYTES: Final = 16 * 2**20
# Close codes with which this side refuses a message.
_UNREADABLE: Final = frozenset({1002, 1007, 1009})

# At DEBUG the library logs the handshake's headers, credentials included.
_silent = logging.getLogger("coordinaitor_sdk.websocket")
_silent.setLevel(logging.CRITICAL + 1)


class SocketLostError(Exception):
    """The connection could not be had, or it ended.

    Attributes:
        code: the WebSocket close code, where there was one.
        status: the HTTP status of a refused handshake.
        retry_after: seconds that the server asks to wait then.
        unreadable: whether it ended over a message that is too large, no UTF-8, or no WebSocket frame.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: int | None = None,
        status: int | None = None,
        retry_after: float = 0.0,
        unreadable: bool = False,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.unreadable = unreadable

    @property
    def rejects_credentials(self) -> bool:
        """Whether other credentials may help."""
        return self.code in {4401, 4408} or self.status == 401


class Socket:
    """An open connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str, headers: Mapping[str, str], network: Network) -> Socket:
        """Connect.

        Args:
            url: where to.
            headers: sent with the handshake.
            network: how it is reached.

        Raises:
            SocketLostError: it can't be had.
        """
        proxy = network.proxy_for(url)
        tls: dict[str, Any] = {"ssl": network.tls} if url.startswith("wss:") else {}
        if proxy is not None and proxy.startswith("https:"):
            tls["proxy_ssl"] = network.tls
        try:
            connection = await connect(
                url,
                additional_headers=headers,
                proxy=proxy,
                **tls,
                user_agent_header=f"coordinaitor/{__version__}",
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=10,
                close_timeout=1,
                logger=_silent,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            asked = retry_after(status, error.response.headers, now=time.time()) or 0.0
            told = f"the upgrade was refused with HTTP {status}"
            raise SocketLostError(told, status=status, retry_after=asked) from None
        except (OSError, TimeoutError, InvalidHandshake, InvalidProxy, InvalidURI, EOFError) as error:
            raise SocketLostError(f"no connection: {error or type(error).__name__}") from None
        return cls(connection)

    async def send(self, text: str) -> None:
        """Send one message.

        Raises:
            SocketLostError: the connection is gone.
        """
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise _lost(error) from None

    async def receive(self) -> bytes:
        """The next message.

        Raises:
            SocketLostError: the connection is gone.
        """
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as error:
            raise _lost(error) from None

    async def close(self) -> None:
        """Close it; at most a second is waited for the other side."""
        await self._connection.close()


def _lost(error: ConnectionClosed) -> SocketLostError:
    frame = error.rcvd
    if error.sent is not None and error.sent.code in _UNREADABLE and not error.rcvd_then_sent:
        return SocketLostError(f"a message can't be read: {error.sent.reason}", unreadable=True)
    if frame is None:
        return SocketLostError("the connection broke")
    return SocketLostError(f"closed by the server: {frame.code} {frame.reason}".rstrip(), code=frame.code)
