"""One attempt: a signed POST to an address that was looked at before. Nothing else here imports httpx."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from coordinaitor_sdk._delivery import ATTEMPT_TIMEOUT, headers_of
from coordinaitor_sdk.server.domain.addresses import may_be_called
from coordinaitor_sdk.server.domain.webhooks import Delivery, Receiver
from coordinaitor_sdk.server.webhooks.lookup import addresses_of

if TYPE_CHECKING:
    import httpx

MOST_CONNECTIONS: Final = 64
_READ: Final = 4_096
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: the status of an answer, or why there was none."""

    status: int | None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300


class ForbiddenAddressError(Exception):
    """The receiver's name leads to an address that gets nothing."""


class Sender:
    """Sends deliveries.

    Parameters:
        private_too: whether addresses of private networks get any.
    """

    def __init__(self, *, private_too: bool) -> None:
        self._private_too = private_too
        self._http: httpx.AsyncClient | None = None

    async def send(self, receiver: Receiver, delivery: Delivery) -> Outcome:
        """Attempt a delivery; every failure is an outcome."""
        import httpx

        try:
            async with asyncio.timeout(ATTEMPT_TIMEOUT):
                return Outcome(await self._post(receiver, delivery))
        except TimeoutError:
            return Outcome(None, f"no answer within {ATTEMPT_TIMEOUT:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ForbiddenAddressError, UnicodeError) as error:
            return Outcome(None, str(error) or type(error).__name__)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    async def _post(self, receiver: Receiver, delivery: Delivery) -> int:
        url = urlsplit(receiver.url)
        host = url.hostname or ""
        port = url.port or _PORTS[url.scheme]
        address = await self._address_of(host, port)
        body = delivery.body.encode()
        headers = headers_of(delivery.event, delivery.id, body, receiver.secret, receiver.headers)
        headers |= {"Host": url.netloc}
        # The connection goes to the address that was looked at, whatever the name says a moment later.
        shown = f"[{address}]" if ":" in address else address
        target = url._replace(netloc=f"{shown}:{port}", fragment="").geturl()
        async with self._client().stream(
            "POST", target, content=body, headers=headers, extensions={"sni_hostname": host}
        ) as answer:
            await _read_a_little(answer)
            return int(answer.status_code)

    async def _address_of(self, host: str, port: int) -> str:
        addresses = await addresses_of(host, port)
        for address in addresses:
            if may_be_called(address, private_too=self._private_too):
                return address
        raise ForbiddenAddressError(
            f"{host} is at {', '.join(addresses)}, an address of a private network: "
            "start the server with --allow-private-webhooks if that is meant"
        )

    def _client(self) -> httpx.AsyncClient:
        import httpx

        if self._http is None:
            limits = httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=20)
            self._http = httpx.AsyncClient(
                follow_redirects=False, trust_env=False, timeout=ATTEMPT_TIMEOUT, limits=limits
            )
        return self._http


async def _read_a_little(answer: httpx.Response) -> None:
    """Take the start of the answer's body, so that short ones leave the connection usable."""
    got = 0
    async for chunk in answer.aiter_raw():
        got += len(chunk)
        if got >= _READ:
            return
