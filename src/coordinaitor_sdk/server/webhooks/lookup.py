"""Looking up names, each in a thread of its own.

The event loop's own look-up shares a few threads with all else that must not block the loop (passwords,
files): names that nobody answers for would hold up logins and uploads, and the end of the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading


async def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of a name, or the address that it is. A look-up that is cancelled is left to itself.

    Raises:
        OSError: there is none.
        UnicodeError: it is no name.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def tell(found: list[str], error: Exception | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(found)
        else:
            future.set_exception(error)

    def look_up() -> None:
        found: list[str] = []
        failure: Exception | None = None
        try:
            found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, found, failure)

    threading.Thread(target=look_up, name="coordinaitor-lookup", daemon=True).start()
    return await future
