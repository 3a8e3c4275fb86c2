"""A TCP proxy before a real server that breaks connections in the ways networks do."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, suppress


class TcpProxy:
    """One test's network: `reset` breaks what is open, `silent` swallows what would pass, `down` refuses."""

    def __init__(self, port: int) -> None:
        self.url = ""
        self.silent = False
        self.down = False
        self.accepted = 0
        self._port = port
        self._open: set[asyncio.StreamWriter] = set()

    def reset(self) -> None:
        """Break every connection, with an RST."""
        for writer in list(self._open):
            peer = writer.get_extra_info("socket")
            with suppress(OSError):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on."""
        self.accepted += 1
        self._open.add(writer)
        try:
            if self.down:
                return
            onward, back = await asyncio.open_connection("127.0.0.1", self._port)
            self._open.add(back)
            ways = [self._pass(reader, back), self._pass(onward, writer)]
            await asyncio.gather(*ways)
        except OSError:
            return
        finally:
            for one in (writer, *([back] if "back" in locals() else [])):
                self._open.discard(one)
                one.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if not self.silent:
                    writer.write(data)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def tcp_proxy(url: str):
    """A proxy before the server at `url`; its own address is `.url`."""
    proxy = TcpProxy(int(url.rpartition(":")[2]))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        proxy.reset()
