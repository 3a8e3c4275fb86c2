"""An answer that comes while a body is being sent is that answer, in both clients."""

import pytest
from both import client
from refusing import CLOSING, KEPT, refusing

from coordinaitor_sdk import Retry
from coordinaitor_sdk._runtime.listening import refuses
from coordinaitor_sdk.exceptions import APIError, ConnectionFailedError, TimeoutExceededError

pytestmark = pytest.mark.anyio

LARGE = 200_000_000
"""Bytes: far more than the buffers of two sockets hold."""

OK = b'{"success": true, "data": {"id": "f"}}'
TAKEN = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(OK) + OK


def generated(size):
    """So many bytes, made as they are read."""
    chunk = bytes(64 * 1024)
    return (chunk for _ in range(size // len(chunk)))


class Made:
    """A file of `size` bytes that lies nowhere."""

    def __init__(self, size):
        self._size = size
        self._at = 0

    def tell(self):
        return self._at

    def seek(self, offset, whence=0):
        self._at = offset if whence == 0 else self._size + offset

    def read(self, size):
        size = min(size, self._size - self._at)
        self._at += size
        return bytes(size)


@pytest.fixture(scope="module")
def small_server():
    """A reference server that takes files of 1 MB."""
    from server_process import ServerProcess

    with ServerProcess() as process:
        yield process.start(agents="off", api_key="ak_test", max_upload=1_000_000)


@pytest.mark.parametrize("file", [Made, generated], ids=["announced", "chunked"])
async def test_the_reference_servers_413_arrives_while_a_large_file_is_sent(kind, small_server, file):
    """Whether the length is announced or not; and no more than the buffers hold was sent."""
    sent = [0]
    async with client(kind, small_server.url, api_key="ak_test") as api:
        task = await api.tasks.create(title="x")
        with pytest.raises(APIError, match="larger than 1000000 bytes") as caught:
            await api.tasks.upload_file(
                task.id, file(LARGE), filename="x", progress=lambda now, _: sent.append(now)
            )
        assert caught.value.status == 413
        assert sent[-1] < LARGE / 2
        assert (await api.tasks.get(task.id)).id == task.id


@pytest.mark.parametrize("ends", ["reset", "half-close", "open"])
@pytest.mark.parametrize("answer", [CLOSING, KEPT], ids=["close", "keep-alive"])
@pytest.mark.parametrize("reads", [1, 64 * 1024], ids=["at-once", "later"])
async def test_a_413_is_read_whatever_the_server_does_to_the_connection(kind, ends, answer, reads):
    """Reset at once, half-closed, or open while nothing more is read."""
    with refusing(answer, ends=ends, reads=reads) as server:
        async with client(kind, server.url, api_key="k", timeout=5) as api:
            with pytest.raises(APIError, match="too large for us") as caught:
                await api.tasks.upload_file("t", generated(LARGE), filename="x")
    assert (caught.value.status, server.requests) == (413, 1)


async def test_small_chunks_are_listened_behind_too(kind):
    """A slow source that gives a little at a time."""
    with refusing(ends="open", reads=1) as server:
        async with client(kind, server.url, api_key="k", timeout=5) as api:
            with pytest.raises(APIError, match="too large"):
                await api.tasks.upload_file("t", (bytes(1000) for _ in range(100_000)), filename="x")


async def test_a_large_json_body_is_refused_likewise(kind):
    """It is no matter of forms."""
    with refusing() as server:
        async with client(kind, server.url, api_key="k", timeout=5) as api:
            with pytest.raises(APIError, match="too large"):
                await api.tasks.create(title="x", description="y" * 20_000_000)


async def test_an_interim_answer_does_not_end_the_sending(kind):
    """100 Continue, unasked: the body goes on, and 413 behind it ends it."""
    with refusing(b"HTTP/1.1 100 Continue\r\n\r\n" + TAKEN, ends="read") as server:
        async with client(kind, server.url, api_key="k", timeout=5) as api:
            assert (await api.tasks.upload_file("t", generated(2_000_000), filename="x")).id == "f"
    assert server.read > 1_900_000
    with refusing(b"HTTP/1.1 100 Continue\r\n\r\n" + CLOSING, ends="open") as server:
        async with client(kind, server.url, api_key="k", timeout=5) as api:
            with pytest.raises(APIError, match="too large"):
                await api.tasks.upload_file("t", generated(LARGE), filename="x")


async def test_a_good_answer_that_comes_early_does_not_end_the_sending(kind):
    """A server may need the rest that it has said yes to."""
    with refusing(TAKEN, ends="read") as server:
        async with client(kind, server.url, api_key="k", timeout=5) as api:
            assert (await api.tasks.upload_file("t", generated(2_000_000), filename="x")).id == "f"
    assert server.read > 1_900_000


async def test_a_refused_upload_that_may_be_repeated_is(kind):
    """On a new connection, from the beginning of the file."""
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\n{}"
    with refusing(busy) as server:
        async with client(kind, server.url, api_key="k", retry=Retry(attempts=3, backoff=0)) as api:
            with pytest.raises(APIError) as caught:
                await api.tasks.upload_file("t", Made(LARGE), filename="x")
    assert [attempt.status for attempt in caught.value.attempts] == [503, 503, 503]
    assert server.requests == 3


async def test_a_connection_that_breaks_without_an_answer_says_so(kind):
    """There is nothing to read."""
    with refusing(b"", ends="reset") as server:
        async with client(kind, server.url, api_key="k") as api:
            with pytest.raises(ConnectionFailedError, match="broke"):
                await api.tasks.upload_file("t", generated(LARGE), filename="x")


async def test_a_server_that_takes_no_more_and_says_nothing_times_out(kind):
    """`timeout` bounds each step of an upload."""
    with refusing(b"", ends="open") as server:
        async with client(kind, server.url, api_key="k", timeout=0.3) as api:
            with pytest.raises(TimeoutExceededError):
                await api.tasks.upload_file("t", generated(LARGE), filename="x")


@pytest.mark.parametrize(
    ("early", "expected"),
    [
        (b"", False),
        (b"HTTP/1.1 4", False),
        (b"HTTP/1.1 413 Too Large\r\n", True),
        (b"HTTP/1.0 500 \r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
        (b"HTTP/1.1 301 Moved\r\n\r\n", False),
        (b"HTTP/1.1 100 Continue\r\n", False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 401 No\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Yes\r\n\r\n", False),
        (b"SSH-2.0-x", False),
    ],
)
def test_a_refusal_is_a_final_answer_from_400_on(early, expected):
    """Interim answers before it are skipped."""
    assert refuses(early) is expected
