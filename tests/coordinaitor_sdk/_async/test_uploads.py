"""What an upload looks like on the wire, and when it is sent again."""

import io
import os
from email import message_from_bytes
from email.policy import HTTP

import httpx
import pytest
import respx
from both import client

from coordinaitor_sdk import Retry
from coordinaitor_sdk.exceptions import (
    AuthenticationError,
    ConnectionFailedError,
    InvalidArgumentError,
    ServiceUnavailableError,
)

pytestmark = pytest.mark.anyio

ORIGIN = "http://localhost:3000"
DONE = {"success": True, "data": {"id": "file-1", "name": "a.txt", "size": 3}}
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

    async def test_a_refused_credential_is_not_retried_with_a_pipe(self, api, sent):
        """Its bytes are gone."""
        sent.answers = [httpx.Response(401, json={"error": "no"})]
        reading, writing = os.pipe()
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe, pytest.raises(AuthenticationError):
            await api.tasks.upload_file("t", pipe, filename="p")
        assert len(sent.forms) == 1


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
