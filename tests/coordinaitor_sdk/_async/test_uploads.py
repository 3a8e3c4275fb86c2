"""What an upload looks like on the wire, and when it is sent again."""

import asyncio
import io
import os
import threading
import tracemalloc
from email import message_from_bytes
from email.policy import HTTP

import anyio
import httpx
import pytest
import respx
from both import client
from refusing import refusing
from server_process import free_port

from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor, Retry
from coordinaitor_sdk.exceptions import (
    AuthenticationError,
    ConnectionFailedError,
    InvalidArgumentError,
    ServiceUnavailableError,
)

pytestmark = pytest.mark.anyio

ORIGIN = "http://localhost:3000"
DONE = {"success": True, "data": {"id": "file-1", "name": "a.txt", "size": 3}}
OK = b'{"success": true, "data": {"id": "file-1"}}'
TAKEN = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(OK) + OK
BUSY = httpx.Response(503, headers={"Retry-After": "0"}, json={"error": {"code": "SERVICE_UNAVAILABLE"}})


@pytest.fixture
async def api(kind):
    async with client(kind, ORIGIN, api_key="ak_1", retry=Retry(backoff=0)) as api:
        yield api


@pytest.fixture
def sent():
    """The parts of each form that came, and the answers to give: by default one that is good."""
    with respx.mock(base_url=ORIGIN, assert_all_called=False) as routes:
        recorded = Recorded()
        routes.post("/api/v1/tasks/t/files").mock(side_effect=recorded)
        routes.post("/api/v1/users/me/avatar").mock(side_effect=recorded)
        yield recorded


class Recorded:
    """A server that reads forms."""

    def __init__(self):
        self.forms = []
        self.requests = []
        self.answers = []

    def __call__(self, request):
        self.requests.append(request)
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = message_from_bytes(head + request.content, policy=HTTP).iter_parts()
        self.forms.append([(dict(part.items()), part.get_payload(decode=True)) for part in parts])
        answer = self.answers.pop(0) if self.answers else httpx.Response(201, json=DONE)
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer


class TestForm:
    async def test_it_carries_name_type_and_description(self, api, sent, tmp_path):
        """As RFC 7578 has it."""
        (tmp_path / "a.txt").write_bytes(b"abc")
        made = await api.tasks.upload_file("t", tmp_path / "a.txt", description="Grüße")
        assert (made.id, made.size) == ("file-1", 3)
        assert sent.forms == [
            [
                ({"Content-Disposition": 'form-data; name="description"'}, "Grüße".encode()),
                (
                    {
                        "Content-Disposition": 'form-data; name="file"; filename="a.txt"',
                        "Content-Type": "text/plain",
                    },
                    b"abc",
                ),
            ]
        ]

    async def test_its_length_is_announced(self, api, sent):
        """A server can refuse a file before it is sent."""
        await api.tasks.upload_file("t", b"x" * 700_000, filename="b.bin")
        assert int(sent.requests[0].headers["content-length"]) == len(sent.requests[0].content)
        assert sent.forms[0][0][1] == b"x" * 700_000

    async def test_what_has_no_size_is_sent_in_chunks(self, api, sent):
        """A pipe."""
        reading, writing = os.pipe()
        os.write(writing, b"piped")
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            await api.tasks.upload_file("t", pipe, filename="p")
        assert sent.requests[0].headers["transfer-encoding"] == "chunked"
        assert sent.forms[0][0][1] == b"piped"

    async def test_a_name_that_is_no_text_is_sent_as_near_as_it_can_be(self, api, sent):
        """Linux allows any bytes in the name of a file."""
        await api.tasks.upload_file("t", b"x", filename="a\udcff.txt")
        assert 'filename="a?.txt"' in sent.forms[0][0][0]["Content-Disposition"]

    async def test_a_name_can_not_break_out_of_its_header(self, api, sent):
        """Quotes and line ends are written as browsers do."""
        await api.tasks.upload_file("t", b"x", filename='a"; x="\r\nX-Evil: 1')
        assert list(sent.forms[0][0][0]) == ["Content-Disposition", "Content-Type"]
        assert "X-Evil" not in sent.requests[0].headers

    @pytest.mark.parametrize(
        ("given", "expected"),
        [({"filename": "a.png"}, "image/png"), ({"filename": "a"}, "application/octet-stream")],
    )
    async def test_the_type_follows_from_the_name(self, api, sent, given, expected):
        """Unless one is given."""
        await api.tasks.upload_file("t", b"x", **given)
        await api.tasks.upload_file("t", b"x", content_type="text/typescript", **given)
        assert [form[0][0]["Content-Type"] for form in sent.forms] == [expected, "text/typescript"]


class TestSentAgain:
    async def test_a_file_is_rewound_to_where_it_started(self, api, sent):
        """The second try sends the same bytes, and all of them."""
        sent.answers = [BUSY]
        file = io.BytesIO(b"skipped:kept")
        file.seek(8)
        await api.tasks.upload_file("t", file, filename="a")
        assert [form[0][1] for form in sent.forms] == [b"kept", b"kept"]
        assert sent.requests[0].headers["idempotency-key"] == sent.requests[1].headers["idempotency-key"]

    async def test_what_can_be_read_once_is_sent_once(self, api, sent):
        """A retry would send an empty file and get 201."""
        sent.answers = [BUSY]
        reading, writing = os.pipe()
        os.write(writing, b"piped")
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe, pytest.raises(ServiceUnavailableError):
            await api.tasks.upload_file("t", pipe, filename="p")
        assert len(sent.forms) == 1

    async def test_after_a_broken_connection_it_is_not_sent_again(self, api, sent):
        """It may have taken effect."""
        sent.answers = [httpx.ReadError("reset")]
        with pytest.raises(ConnectionFailedError):
            await api.tasks.upload_file("t", b"x", filename="a")
        assert len(sent.forms) == 1

    async def test_an_iterator_that_was_begun_is_sent_once(self, api, sent):
        """Its bytes are gone."""
        sent.answers = [BUSY]
        with pytest.raises(ServiceUnavailableError):
            await api.tasks.upload_file("t", iter([b"a", b"b"]), filename="a")
        assert [form[0][1] for form in sent.forms] == [b"ab"]

    async def test_an_iterator_that_was_not_begun_is_sent_again(self, kind):
        """Nothing of it is lost while the server can't be reached."""
        port = free_port()
        retry = Retry(attempts=100, backoff=0.1, max_backoff=0.1)
        async with client(kind, f"http://127.0.0.1:{port}", api_key="k", retry=retry) as api:
            upload = asyncio.create_task(api.tasks.upload_file("t", iter([bytes(100_000)]), filename="a"))
            await asyncio.sleep(0.2)
            with refusing(TAKEN, ends="read", port=port) as server:
                assert (await upload).id == "file-1"
        assert server.read > 100_000

    async def test_a_list_is_sent_again(self, api, sent):
        """It is the same at each turn."""
        sent.answers = [BUSY]
        await api.tasks.upload_file("t", [b"a", b"b"], filename="a")
        assert [form[0][1] for form in sent.forms] == [b"ab", b"ab"]

    async def test_a_refused_credential_is_not_retried_with_a_pipe(self, api, sent):
        """Its bytes are gone."""
        sent.answers = [httpx.Response(401, json={"error": "no"})]
        reading, writing = os.pipe()
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe, pytest.raises(AuthenticationError):
            await api.tasks.upload_file("t", pipe, filename="p")
        assert len(sent.forms) == 1


async def awaited(*items):
    """An async iterator."""
    for item in items:
        await asyncio.sleep(0)
        yield item


class TestIterators:
    async def test_a_generator_is_sent_in_chunks(self, api, sent):
        """Its length is not known."""
        await api.tasks.upload_file("t", (bytes([n]) * 3 for n in b"abc"), filename="a")
        assert sent.requests[0].headers["transfer-encoding"] == "chunked"
        assert sent.forms[0][0][1] == b"aaabbbccc"

    async def test_an_avatar_without_a_name_is_called_avatar(self, api, sent):
        """Bytes, files in memory and iterators have none."""
        for file in (b"x", io.BytesIO(b"x"), iter([b"x"])):
            await api.users.upload_avatar(file)
        assert all('filename="avatar"' in form[0][0]["Content-Disposition"] for form in sent.forms)

    async def test_text_is_refused(self, api, sent):
        """It has no bytes of its own."""
        with pytest.raises(InvalidArgumentError, match="iterator gives str instead of bytes"):
            await api.tasks.upload_file("t", iter([b"a", "text"]), filename="a")

    @pytest.mark.parametrize(
        "error",
        [
            httpx.ReadError("from elsewhere"),
            TimeoutError("slow"),
            ConnectionFailedError("theirs"),
            KeyError(1),
        ],
    )
    async def test_what_an_iterator_raises_comes_out_as_it_is(self, api, sent, error):
        """It is neither taken for a failure of this connection nor retried."""

        def failing():
            yield b"a"
            raise error

        with pytest.raises(type(error)) as caught:
            await api.tasks.upload_file("t", failing(), filename="a")
        assert (type(caught.value), caught.value.args) == (type(error), error.args)
        assert sent.forms == []

    async def test_the_async_client_sends_an_async_iterator(self, sent):
        """And reads it on the loop."""
        async with AsyncCoordinaitor(ORIGIN, api_key="k") as api:
            await api.tasks.upload_file("t", awaited(b"a", b"", b"b" * 600_000), filename="a")
            await api.users.upload_avatar(awaited(b"png"), filename="me.png")
        assert [form[0][1] for form in sent.forms] == [b"a" + b"b" * 600_000, b"png"]

    async def test_an_async_iterator_is_sent_once(self, sent):
        """A retry would send nothing."""
        sent.answers = [BUSY]
        async with AsyncCoordinaitor(ORIGIN, api_key="k") as api:
            with pytest.raises(ServiceUnavailableError):
                await api.tasks.upload_file("t", awaited(b"a"), filename="a")
            with pytest.raises(InvalidArgumentError, match="gives str instead of bytes"):
                await api.tasks.upload_file("t", awaited(b"a", "text"), filename="a")
        assert len(sent.forms) == 1

    async def test_the_async_client_sends_an_async_file(self, sent, tmp_path):
        """anyio's as the file that it wraps; another one by its own `read`."""

        class Theirs:
            name = "/tmp/b.txt"
            _rest = iter([b"de", b"f", b""])

            async def read(self, size=-1):
                return next(self._rest)

        (tmp_path / "a.txt").write_bytes(b"abc")
        async with (
            AsyncCoordinaitor(ORIGIN, api_key="k") as api,
            await anyio.open_file(tmp_path / "a.txt", "rb") as file,
        ):
            await api.tasks.upload_file("t", file)
            await api.tasks.upload_file("t", Theirs())
        assert [form[0][1] for form in sent.forms] == [b"abc", b"def"]
        assert "content-length" in sent.requests[0].headers
        assert 'filename="b.txt"' in sent.forms[1][0][0]["Content-Disposition"]

    def test_the_sync_client_refuses_an_async_iterator(self, sent):
        """It says what to do instead."""
        refused = pytest.raises(InvalidArgumentError, match="use AsyncCoordinaitor")
        with Coordinaitor(ORIGIN, api_key="k") as api, refused:
            api.tasks.upload_file("t", awaited(b"a"), filename="a")
        assert sent.requests == []

    async def test_the_async_client_reads_a_plain_iterator_off_the_loop(self, sent):
        """It may block."""
        threads = []

        def made():
            threads.append(threading.get_ident())
            yield b"a"

        async with AsyncCoordinaitor(ORIGIN, api_key="k") as api:
            await api.tasks.upload_file("t", made(), filename="a")
        assert threads != [threading.get_ident()]

    async def test_a_cancelled_upload_does_not_wait_for_a_pipe(self, sent):
        """Whose writer may never write."""
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb", 0) as into, os.fdopen(reading, "rb", 0) as pipe:
            async with AsyncCoordinaitor(ORIGIN, api_key="k") as api:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(api.tasks.upload_file("t", pipe, filename="p"), 0.1)
            into.write(b"end")  # the abandoned thread ends with it

    async def test_a_large_file_is_not_held_in_memory(self, kind):
        """64 MB, of which a few chunks are held at once."""
        with refusing(TAKEN, ends="read") as server:
            async with client(kind, server.url, api_key="k") as api:
                tracemalloc.start()
                try:
                    await api.tasks.upload_file("t", (bytes(1_000_000) for _ in range(64)), filename="a")
                    peak = tracemalloc.get_traced_memory()[1]
                finally:
                    tracemalloc.stop()
        assert server.read > 60_000_000
        assert peak < 16_000_000


class TestProgress:
    async def test_it_tells_what_was_sent_of_how_much(self, api, sent):
        """From 0 to all of the file; the form around it doesn't count."""
        told = []
        await api.tasks.upload_file("t", bytes(600_000), filename="a", progress=lambda *now: told.append(now))
        assert told == [(0, 600_000), (262_144, 600_000), (524_288, 600_000), (600_000, 600_000)]

    async def test_the_total_of_an_iterator_is_not_known(self, api, sent):
        """None. Of an avatar it is told likewise."""
        told = []
        await api.users.upload_avatar(iter([b"ab", b"c"]), progress=lambda *now: told.append(now))
        assert told == [(0, None), (2, None), (3, None)]

    async def test_an_empty_file_has_begun_and_ended(self, api, sent):
        """At 0 of 0."""
        told = []
        await api.tasks.upload_file("t", b"", filename="a", progress=lambda *now: told.append(now))
        assert told == [(0, 0)]
        assert sent.forms[0][0][1] == b""

    async def test_it_starts_again_at_a_retry(self, api, sent):
        """The whole file is sent again."""
        sent.answers = [BUSY]
        told = []
        await api.tasks.upload_file("t", b"abc", filename="a", progress=lambda now, _: told.append(now))
        assert told == [0, 3, 0, 3]

    @pytest.mark.parametrize("error", [RuntimeError("stop"), TimeoutError(), ConnectionFailedError("mine")])
    async def test_what_it_raises_ends_the_upload(self, kind, error):
        """As it is; the connection is closed, and nothing is tried again."""

        def stopping(now, total):
            if now:
                raise error

        with refusing(b"", ends="read") as server:
            async with client(kind, server.url, api_key="k", retry=Retry(backoff=0)) as api:
                with pytest.raises(type(error)) as caught:
                    await api.tasks.upload_file("t", bytes(1_000_000), filename="a", progress=stopping)
            assert (type(caught.value), caught.value.args) == (type(error), error.args)
            await asyncio.to_thread(server.idle.wait, 5)
        assert server.requests == 1
        assert server.read < 600_000

    async def test_it_is_called_on_the_loop(self, sent):
        """It may touch what belongs there."""
        loops = set()
        async with AsyncCoordinaitor(ORIGIN, api_key="k") as api:
            await api.tasks.upload_file(
                "t", b"x", filename="a", progress=lambda *_: loops.add(asyncio.get_running_loop())
            )
        assert loops == {asyncio.get_running_loop()}

    async def test_one_that_can_not_be_called_is_refused(self, api, sent):
        """A coroutine function would never run."""

        async def waiting(now, total): ...

        for progress in (5, waiting):
            with pytest.raises(InvalidArgumentError, match="progress must be a plain function"):
                await api.tasks.upload_file("t", b"x", filename="a", progress=progress)
        assert sent.requests == []


class Odd(io.RawIOBase):
    """A file that can't be read to its end."""

    def __init__(self, chunk):
        self._chunk = chunk

    def read(self, size=-1):
        if isinstance(self._chunk, Exception):
            raise self._chunk
        return self._chunk


class TestBadInput:
    @pytest.mark.parametrize(
        ("chunk", "message"),
        [(OSError(5, "Input/output error"), "Input/output error"), ("text", "str instead of bytes")],
    )
    async def test_a_file_that_fails_on_the_way_is_named(self, api, sent, chunk, message):
        """Not an error of the system or of the transport."""
        with pytest.raises(InvalidArgumentError, match=message):
            await api.tasks.upload_file("t", Odd(chunk), filename="a")

    async def test_a_file_that_becomes_shorter_is_named(self, api, sent, tmp_path):
        """What was announced can't be sent; nothing is sent again."""
        path = tmp_path / "a.bin"
        path.write_bytes(bytes(600_000))
        with pytest.raises(InvalidArgumentError, match="changed while it was sent"):
            await api.tasks.upload_file("t", path, progress=lambda *_: os.truncate(path, 1000))

    async def test_a_file_that_grows_is_sent_as_it_was(self, api, sent, tmp_path):
        """A log that is being written."""
        path = tmp_path / "a.log"
        path.write_bytes(b"first")
        with path.open("ab", 0) as log:
            await api.tasks.upload_file("t", path, progress=lambda *_: log.write(b"more"))
        assert sent.forms[0][0][1] == b"first"

    async def test_a_file_closed_before_it_is_sent_again_is_named(self, api, sent):
        """It can't be rewound."""
        file = io.BytesIO(b"x")

        def closing(request):
            file.close()
            return BUSY

        sent.answers = [closing]
        with pytest.raises(InvalidArgumentError, match="closed file"):
            await api.tasks.upload_file("t", file, filename="a")

    @pytest.mark.parametrize(
        ("file", "given", "message"),
        [
            ("/no/such/file", {}, "can't be read"),
            (os.curdir, {}, "is a directory"),
            (iter([b"x"]), {}, "give filename="),
            (b"x", {}, "give filename="),
            (b"x", {"filename": "a", "content_type": "text/plain\r\nX: 1"}, "media type"),
            (b"x", {"filename": "a", "description": 5}, "description must be a text"),
        ],
    )
    async def test_it_is_refused_before_anything_is_sent(self, api, sent, file, given, message):
        """Nothing reaches the server."""
        with pytest.raises(InvalidArgumentError, match=message):
            await api.tasks.upload_file("t", file, **given)
        assert sent.requests == []
