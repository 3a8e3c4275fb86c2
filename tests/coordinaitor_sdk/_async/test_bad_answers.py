"""Answers that no server should give: a clear error of the right class, within the deadline."""

import gzip
import time
from email.utils import formatdate

import pytest
from both import client
from raw_server import RawServer, answer

from coordinaitor_sdk import Retry
from coordinaitor_sdk.exceptions import (
    BadRequestError,
    ConnectionFailedError,
    CoordinaitorError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    ServiceUnavailableError,
)

pytestmark = pytest.mark.anyio
QUICK = Retry(backoff=0.001)
TASK = b'{"success":true,"data":{"id":"t","title":"x"}}'
PAGE = b"<html><head><title>Blocked</title></head><body>Ask your administrator</body></html>"


async def refused(kind, *answers, error=CoordinaitorError, times=1, call=None, **kwargs):
    """The error of a call that is answered so, and how often it was sent."""
    with RawServer(*answers) as server:
        async with client(kind, server.url, api_key="ak_test", **{"retry": QUICK, **kwargs}) as c:
            with pytest.raises(error) as caught:
                await (call(c) if call else c.tasks.get("t"))
        assert type(caught.value) is error
        assert len(server.requests) == times
    return caught.value


async def accepted(kind, *answers, **kwargs):
    """The task that a call answered so gives, and how often it was sent."""
    with RawServer(*answers) as server:
        async with client(kind, server.url, api_key="ak_test", **{"retry": QUICK, **kwargs}) as c:
            return await c.tasks.get("t"), len(server.requests)


class TestRetryAfter:
    @pytest.mark.parametrize("odd", ["NaN", "inf", "-1", "-Infinity", "soon", "", "1e400", "0x10", "١"])
    async def test_what_can_not_be_meant_is_as_if_it_were_not_there(self, kind, odd):
        """The usual backoff takes its place; nothing waits for ever."""
        busy = answer(b"", f"Retry-After: {odd}" if odd.isascii() else "Retry-After: ?", status="503 Busy")
        started = time.monotonic()
        task, times = await accepted(kind, busy, answer(TASK))
        assert (task.id, times) == ("t", 2)
        assert time.monotonic() - started < 5

    async def test_a_date_that_has_passed_is_now(self, kind):
        """Try again at once."""
        past = answer(b"", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", status="429 Too Many Requests")
        task, times = await accepted(kind, past, answer(TASK))
        assert (task.id, times) == ("t", 2)

    @pytest.mark.parametrize("form", ["seconds", "date", "body"])
    async def test_a_year_is_not_waited_for(self, kind, form):
        """Raised at once, with the time to wait on the error."""
        year = 365 * 24 * 3600
        header = {"seconds": f"Retry-After: {year}", "date": f"Retry-After: {formatdate(time.time() + year)}"}
        headers = [header[form]] if form in header else []
        body = b'{"success":false,"error":{"code":"RATE_LIMIT_ERROR","message":"no","retryAfter":%d}}' % year
        started = time.monotonic()
        error = await refused(
            kind,
            answer(body if form == "body" else b"", *headers, status="429 Too Many Requests"),
            error=RateLimitError,
        )
        assert time.monotonic() - started < 5
        assert error.retry_after == pytest.approx(year, abs=60)


class TestBodies:
    async def test_one_that_is_cut_is_asked_for_again(self, kind):
        """The connection broke; a GET may be repeated."""
        task, times = await accepted(kind, answer(TASK[:20], length=len(TASK)), answer(TASK))
        assert (task.id, times) == ("t", 2)

    async def test_one_that_is_cut_each_time_is_a_connection_error(self, kind):
        """Not an error of the JSON parser."""
        error = await refused(kind, answer(TASK[:20], length=len(TASK)), error=ConnectionFailedError, times=4)
        assert len(error.attempts) == 4

    async def test_a_length_that_is_too_short_is_no_json(self, kind):
        """What is there is read, and can't be."""
        error = await refused(kind, answer(TASK, length=20), error=ResponseDecodeError)
        assert "is not JSON" in error.message
        assert error.status == 200

    @pytest.mark.parametrize(
        "body", [b"[" * 10_000 + b"]" * 10_000, b'{"data":' * 10_000 + b"1" + b"}" * 10_000]
    )
    async def test_one_that_is_nested_ten_thousand_deep_is_no_answer(self, kind, body):
        """No recursion error, no crash."""
        await refused(kind, answer(body), error=ResponseDecodeError)

    async def test_an_error_nested_ten_thousand_deep_is_the_error_of_its_status(self, kind):
        """Whatever it says."""
        body = b'{"error":' * 10_000 + b"1" + b"}" * 10_000
        await refused(kind, answer(body, status="400 Bad Request"), error=BadRequestError)

    async def test_one_of_a_hundred_megabytes_is_not_taken(self, kind):
        """Nor one that only becomes so large when it is unpacked."""
        packed = gzip.compress(b'{"data":"' + b"x" * 100_000_000 + b'"}', compresslevel=1)
        plain = answer(b'{"data":"' + b"x" * 100_000_000 + b'"}')
        for sent in (plain, answer(packed, "Content-Encoding: gzip")):
            error = await refused(kind, sent, error=ResponseDecodeError)
            assert "larger than 64 MB" in error.message

    @pytest.mark.parametrize("charset", ["utf-16", "utf-32"])
    async def test_another_charset_is_no_json(self, kind, charset):
        """JSON between systems is UTF-8 (RFC 8259, 8.1)."""
        body = TASK.decode().encode(charset)
        error = await refused(
            kind,
            answer(body, f"Content-Type: application/json; charset={charset}"),
            error=ResponseDecodeError,
        )
        assert "is not JSON" in error.message

    async def test_latin_1_is_no_json_either(self, kind):
        """Once it holds more than ASCII."""
        body = '{"success":true,"data":{"id":"t","title":"Prüfung"}}'.encode("latin-1")
        error = await refused(kind, answer(body), error=ResponseDecodeError)
        assert "Pr\ufffdfung" in error.excerpt

    async def test_a_broken_compression_is_no_answer(self, kind):
        """And no error of zlib."""
        await refused(kind, answer(b"nothing packed", "Content-Encoding: gzip"), error=ResponseDecodeError)

    @pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "407 Proxy Authentication Required"])
    async def test_a_proxys_web_page_is_told_as_one(self, kind, status):
        """With a hint where to look, and its first words."""
        error = await refused(
            kind,
            answer(PAGE, "Content-Type: text/html", status=status),
            error=ResponseDecodeError if status.startswith("200") else _class_of(status),
        )
        assert "web page" in str(error)

    async def test_a_proxys_web_page_in_a_failure_is_retried(self, kind):
        """502 is 502, whoever says so."""
        page = answer(PAGE, "Content-Type: text/html", status="502 Bad Gateway")
        task, times = await accepted(kind, page, answer(TASK))
        assert (task.id, times) == ("t", 2)
        error = await refused(kind, page, error=ServerError, times=4)
        assert "web page" in error.message

    async def test_what_is_no_http_is_a_connection_error(self, kind):
        """A server of another protocol."""
        await refused(kind, b"220 mail.example.com ESMTP\r\n", error=ConnectionFailedError, times=4)

    async def test_nothing_at_all_is_a_connection_error(self, kind):
        """It hung up."""
        await refused(kind, b"", error=ConnectionFailedError, times=4)


class TestPosts:
    @pytest.mark.parametrize("sent", [b"", answer(b"", status="500 Failed"), answer(TASK[:9], length=99)])
    async def test_one_that_may_have_taken_effect_is_not_repeated(self, kind, sent):
        """Otherwise there might be two tasks."""
        await refused(
            kind,
            sent,
            error=ServerError if b"500" in sent else ConnectionFailedError,
            call=lambda c: c.tasks.create(title="x"),
        )

    async def test_one_whose_key_the_caller_gave_is(self, kind):
        """The caller said that the server honours it."""
        with RawServer(b"", answer(b"", status="500 Failed"), answer(TASK)) as server:
            async with client(kind, server.url, api_key="ak_test", retry=QUICK) as c:
                assert (await c.tasks.create(title="x", idempotency_key="my-key")).id == "t"
            keys = [request.lower().count(b"idempotency-key: my-key") for request in server.requests]
        assert keys == [1, 1, 1]

    async def test_a_refusal_without_a_hint_is_not_repeated(self, kind):
        """503 alone does not say that nothing was done."""
        await refused(
            kind,
            answer(b"", status="503 Busy"),
            error=ServiceUnavailableError,
            call=lambda c: c.tasks.create(title="x"),
        )


def _class_of(status):
    from coordinaitor_sdk.exceptions import error_class

    return error_class(int(status[:3]))
