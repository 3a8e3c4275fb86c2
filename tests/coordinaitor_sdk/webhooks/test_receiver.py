"""From a request to its answer, sync and async alike."""

import asyncio
import json
import logging
import threading
from email.message import Message

import anyio
import pytest
from deliveries import NOW, SECRET, body_of, headers_of

from coordinaitor_sdk import TaskEvent, webhooks
from coordinaitor_sdk.exceptions import (
    InvalidArgumentError,
    WebhookPayloadError,
    WebhookSignatureError,
    WebhookTimestampError,
)


class AwaitedMemory:
    """A memory whose store is awaited."""

    def __init__(self):
        self.local = webhooks.LocalMemory()

    async def claim(self, key):
        await anyio.sleep(0)
        return self.local.claim(key)

    async def record(self, key):
        await anyio.sleep(0)
        self.local.record(key)

    async def release(self, key):
        await anyio.sleep(0)
        self.local.release(key)


class Sync:
    """`Receiver`."""

    def __init__(self, secret=SECRET, **given):
        self.receiver = webhooks.Receiver(secret, **given)

    def receive(self, body, headers, handler):
        return self.receiver.receive(body, headers, handler)


class Async:
    """`AsyncReceiver`, with a handler that is awaited."""

    def __init__(self, secret=SECRET, **given):
        self.receiver = webhooks.AsyncReceiver(secret, **given)

    def receive(self, body, headers, handler):
        async def awaited(event):
            await asyncio.sleep(0)
            handler(event)

        return asyncio.run(self.receiver.receive(body, headers, awaited))


@pytest.fixture(params=["sync", "async", "async, awaited memory"])
def made(request):
    """Make a receiver: `made(max_age=...)`; it has a memory, unless told otherwise."""

    def make(*args, **given):
        memory = AwaitedMemory() if "awaited" in request.param else webhooks.LocalMemory()
        given = {"memory": memory} | given
        return Sync(*args, **given) if request.param == "sync" else Async(*args, **given)

    return make


class Handler:
    """Keeps the events; raises what it is told to."""

    def __init__(self):
        self.events = []
        self.error = None

    def __call__(self, event):
        self.events.append(event)
        if self.error is not None:
            raise self.error


@pytest.fixture
def handler():
    """A handler that counts."""
    return Handler()


class TestAnswers:
    def test_a_delivery_is_handled(self, made, handler):
        """200, and the handler was given the event, typed."""
        body = body_of("Gr\\u00fc\\u00dfe")
        answer = made().receive(body, headers_of(body), handler)
        assert answer == webhooks.Answer(200, "handled")
        (event,) = handler.events
        assert isinstance(event, TaskEvent)
        assert (event.data.title, event.data.progress) == ("Grüße", 1.0)

    @pytest.mark.parametrize("secret", ["old", "new"])
    def test_any_of_several_secrets_will_do(self, made, handler, secret):
        """While they are rotated."""
        body = body_of()
        assert made(["new", "old"]).receive(body, headers_of(body, secret), handler).status == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            headers_of(body_of(), "another"),
            headers_of(b"{}"),
            {webhooks.SIGNATURE_HEADER: ""},
            {webhooks.SIGNATURE_HEADER: "sha256=ü\udc80"},
        ],
    )
    def test_what_was_not_signed_is_401(self, made, handler, headers):
        """And not handled."""
        answer = made().receive(body_of(), headers, handler)
        assert (answer.status, handler.events) == (401, [])

    def test_json_that_was_parsed_and_written_again_is_401(self, made, handler):
        """The bytes are what is signed."""
        body = body_of()
        again = json.dumps(json.loads(body)).encode()
        answer = made().receive(again, headers_of(body), handler)
        assert (answer.status, handler.events) == (401, [])
        assert "raw bytes" in answer.text

    @pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"data":{}}'])
    def test_what_was_signed_and_cannot_be_read_is_400(self, made, handler, body):
        """And not handled."""
        answer = made().receive(body, headers_of(body), handler)
        assert (answer.status, handler.events) == (400, [])

    def test_a_late_redelivery_is_401_with_the_reason(self, made, handler):
        """Where an age limit is set."""
        body = body_of()
        receiver = made(max_age=3_600, clock=lambda: NOW + 3_601)
        answer = receiver.receive(body, headers_of(body), handler)
        assert (answer.status, handler.events) == (401, [])
        assert "late redelivery" in answer.text

    def test_a_redelivery_within_the_limit_is_handled(self, made, handler):
        """Its age is that of the event."""
        body = body_of()
        receiver = made(max_age=3_600, clock=lambda: NOW + 3_600)
        assert receiver.receive(body, headers_of(body), handler).status == 200

    def test_a_refusal_is_logged_without_secret_and_signature(self, made, handler, caplog):
        """As a warning that says why."""
        body = body_of()
        headers = headers_of(body, "another")
        with caplog.at_level(logging.WARNING, "coordinaitor_sdk"):
            made().receive(body, headers, handler)
        (record,) = caplog.records
        assert "does not match" in record.getMessage()
        assert SECRET not in caplog.text
        assert headers[webhooks.SIGNATURE_HEADER] not in caplog.text


class TestReplays:
    def test_a_delivery_that_was_handled_is_acknowledged_and_not_handled_again(self, made, handler):
        """However often it comes."""
        body, receiver = body_of(), made()
        headers = headers_of(body)
        answers = [receiver.receive(body, headers, handler) for _ in range(3)]
        assert [(answer.status, answer.text) for answer in answers] == [
            (200, "handled"),
            (200, "handled before"),
            (200, "handled before"),
        ]
        assert len(handler.events) == 1

    @pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()])
    def test_a_handler_that_raises_leaves_it_unrecorded(self, made, handler, error):
        """The error passes through, and the redelivery is handled."""
        body, receiver = body_of(), made()
        headers = headers_of(body)
        handler.error = error
        for _ in range(2):
            with pytest.raises(type(error)):
                receiver.receive(body, headers, handler)
        handler.error = None
        assert receiver.receive(body, headers, handler).text == "handled"
        assert receiver.receive(body, headers, handler).text == "handled before"
        assert len(handler.events) == 3

    def test_deliveries_with_other_ids_are_others(self, made, handler):
        """Two webhooks may tell of one event in the same bytes."""
        body, receiver = body_of(), made()
        for _ in range(2):
            assert receiver.receive(body, headers_of(body), handler).text == "handled"

    def test_an_id_that_is_taken_drops_no_other_delivery(self, made, handler):
        """It is not signed, and two servers may count alike."""
        receiver = made()
        for body in (body_of("one"), body_of("two")):
            answer = receiver.receive(body, headers_of(body, delivery="delivery-1"), handler)
            assert answer.text == "handled"
        assert [event.data.title for event in handler.events] == ["one", "two"]

    def test_without_an_id_the_bytes_tell(self, made, handler):
        """A server may send none."""
        body, receiver = body_of(), made()
        headers = headers_of(body)
        del headers[webhooks.DELIVERY_HEADER]
        texts = [receiver.receive(body, headers, handler).text for _ in range(2)]
        assert texts == ["handled", "handled before"]

    def test_what_is_refused_is_not_remembered(self, made, handler):
        """A stranger can't have a delivery dropped."""
        body, receiver = body_of(), made()
        headers = headers_of(body)
        forged = headers | {webhooks.SIGNATURE_HEADER: "sha256=0"}
        assert receiver.receive(body, forged, handler).status == 401
        assert receiver.receive(body, headers, handler).text == "handled"

    def test_without_a_memory_each_is_handled(self, made, handler):
        """As `handle` can bear it."""
        body, receiver = body_of(), made(memory=None)
        headers = headers_of(body)
        assert [receiver.receive(body, headers, handler).text for _ in range(2)] == ["handled"] * 2
        assert len(handler.events) == 2

    def test_it_is_recorded_after_the_handler_and_not_before(self, handler):
        """The order of the three steps."""
        steps = []

        class Memory:
            def claim(self, key):
                steps.append("claim")
                return "new"

            def record(self, key):
                steps.append("record")

            def release(self, key):
                steps.append("release")

        receiver, body = webhooks.Receiver(SECRET, memory=Memory()), body_of()
        receiver.receive(body, headers_of(body), lambda _event: steps.append("handle"))
        assert steps == ["claim", "handle", "record"]


class TestTwoAtOnce:
    def test_the_second_is_sent_away_while_a_thread_handles_the_first(self, handler):
        """503: the server comes again, since the first may still fail."""
        receiver = webhooks.Receiver(SECRET, memory=webhooks.LocalMemory())
        body = body_of()
        headers = headers_of(body)
        began, go_on = threading.Event(), threading.Event()

        def slow(event):
            began.set()
            assert go_on.wait(10)
            raise RuntimeError("in the end it fails")

        def first():
            with pytest.raises(RuntimeError):
                receiver.receive(body, headers, slow)

        thread = threading.Thread(target=first)
        thread.start()
        assert began.wait(10)
        answer = receiver.receive(body, headers, handler)
        assert (answer.status, handler.events) == (503, [])
        go_on.set()
        thread.join(10)
        assert receiver.receive(body, headers, handler) == webhooks.Answer(200, "handled")

    @pytest.mark.parametrize("memory", [webhooks.LocalMemory, AwaitedMemory])
    def test_the_second_is_sent_away_while_a_task_handles_the_first(self, memory):
        """Of many at once the handler runs for one."""
        receiver = webhooks.AsyncReceiver(SECRET, memory=memory())
        body = body_of()
        headers = headers_of(body)
        runs = []

        async def slow(event):
            runs.append(event)
            await asyncio.sleep(0.05)

        async def ten_at_once():
            return await asyncio.gather(*(receiver.receive(body, headers, slow) for _ in range(10)))

        statuses = [answer.status for answer in asyncio.run(ten_at_once())]
        assert sorted(statuses) == [200] + [503] * 9
        assert len(runs) == 1

    @pytest.mark.parametrize("memory", [webhooks.LocalMemory, AwaitedMemory])
    def test_a_handler_that_is_cancelled_leaves_it_unrecorded(self, memory, handler):
        """In an anyio scope too, where every further await is cancelled."""
        receiver = webhooks.AsyncReceiver(SECRET, memory=memory())
        body = body_of()
        headers = headers_of(body)

        async def endless(event):
            await asyncio.sleep(60)

        async def cancelled_then_again():
            with anyio.move_on_after(0.02) as scope:
                await receiver.receive(body, headers, endless)
            assert scope.cancelled_caught
            return await receiver.receive(body, headers, handler)

        assert asyncio.run(cancelled_then_again()).text == "handled"

    def test_what_was_handled_is_recorded_though_it_is_cancelled_then(self, handler):
        """The work is done: it must not be done again."""
        receiver = webhooks.AsyncReceiver(SECRET, memory=AwaitedMemory())
        body = body_of()
        headers = headers_of(body)

        async def cancelled_at_the_end():
            with anyio.CancelScope() as scope:
                await receiver.receive(body, headers, lambda _event: scope.cancel())
            return await receiver.receive(body, headers, handler)

        assert asyncio.run(cancelled_at_the_end()).text == "handled before"
        assert handler.events == []


class TestHeaders:
    @pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
    def test_the_case_of_names_does_not_matter(self, made, handler, change):
        """For the signature and for the id."""
        body, receiver = body_of(), made()
        headers = headers_of(body)
        assert receiver.receive(body, headers, handler).text == "handled"
        changed = {change(name): value for name, value in headers.items()}
        assert receiver.receive(body, changed, handler).text == "handled before"

    def test_those_of_http_server_will_do(self, made, handler):
        """They are a `Message`, not a mapping."""
        body, headers = body_of(), Message()
        for name, value in headers_of(body).items():
            headers[name] = value
        assert made().receive(body, headers, handler).status == 200

    @pytest.mark.parametrize("delivery", ["ü", "\udc80", "x" * 100_000, "a b\tc"])
    def test_an_odd_id_is_an_id(self, made, handler, delivery):
        """Whatever stands in it, the key is short and plain."""
        body, receiver = body_of(), made()
        headers = headers_of(body, delivery=delivery)
        texts = [receiver.receive(body, headers, handler).text for _ in range(2)]
        assert texts == ["handled", "handled before"]
        assert len(receiver.receiver.read(body, headers).key) == 64

    @pytest.mark.parametrize(
        ("headers", "message"),
        [
            (None, "headers must be the request's headers.*NoneType"),
            ([(b"x-orchestrator-signature", b"sha256=0")], "headers must be the request's headers.*list"),
            ({b"x-orchestrator-signature": b"sha256=0"}, "must be text, got bytes: decode"),
            ({"x-orchestrator-signature": b"sha256=0"}, "must be text, got bytes: decode"),
            (headers_of(body_of()) | {"X-Orchestrator-Delivery": b"d"}, "must be text, got bytes: decode"),
        ],
    )
    def test_what_are_no_headers_is_a_mistake_of_the_caller(self, made, handler, headers, message):
        """Not an answer: the message says what to pass."""
        with pytest.raises(InvalidArgumentError, match=message):
            made().receive(body_of(), headers, handler)


class TestMistakes:
    @pytest.mark.parametrize("body", ["text", {"event": "x"}, None])
    def test_a_body_that_is_not_bytes_is_refused_with_a_hint(self, made, handler, body):
        """Not an answer: the receiver's user has to change his code."""
        with pytest.raises(InvalidArgumentError, match="raw bytes"):
            made().receive(body, headers_of(body_of()), handler)

    @pytest.mark.parametrize("secret", ["", [], None, b"bytes", [b"bytes"], ["good", ""]])
    def test_a_secret_that_is_none_is_refused_when_the_receiver_is_made(self, made, secret):
        """When the application starts, not with the first delivery."""
        with pytest.raises(InvalidArgumentError, match="secret"):
            made(secret)

    def test_a_coroutine_function_needs_the_async_receiver(self, handler):
        """Else nothing would await it, and the delivery would be lost; it is not recorded."""

        async def awaited(event):
            raise AssertionError("it must not begin")

        receiver = webhooks.Receiver(SECRET, memory=webhooks.LocalMemory())
        body = body_of()
        headers = headers_of(body)
        with pytest.raises(InvalidArgumentError, match="AsyncReceiver"):
            receiver.receive(body, headers, awaited)
        assert receiver.receive(body, headers, handler).text == "handled"

    def test_a_memory_that_is_awaited_needs_the_async_receiver(self):
        """Said when the receiver is made."""
        with pytest.raises(InvalidArgumentError, match="AsyncReceiver"):
            webhooks.Receiver(SECRET, memory=AwaitedMemory())

    def test_a_plain_handler_will_do_for_the_async_receiver(self, handler):
        """Where it does not block."""
        body = body_of()
        receiver = webhooks.AsyncReceiver(SECRET)
        assert asyncio.run(receiver.receive(body, headers_of(body), handler)).status == 200
        assert len(handler.events) == 1

    def test_the_secret_is_in_no_repr(self, made):
        """Of a receiver."""
        assert SECRET not in repr(made().receiver)


class TestReading:
    """`read`, for who handles deliveries in another way."""

    def test_it_gives_id_and_event(self, made):
        """The id as it came."""
        body = body_of("A")
        delivery = made().receiver.read(body, headers_of(body, delivery="delivery-7"))
        assert (delivery.id, delivery.event.data.title) == ("delivery-7", "A")

    @pytest.mark.parametrize(
        ("body", "secret", "error"),
        [
            (body_of(), "another", WebhookSignatureError),
            (body_of(timestamp="soon"), SECRET, WebhookTimestampError),
            (b"[]", SECRET, WebhookPayloadError),
        ],
    )
    def test_it_raises_what_was_wrong(self, made, body, secret, error):
        """Each reason by its class."""
        with pytest.raises(error) as caught:
            made(max_age=60).receiver.read(body, headers_of(body, secret))
        assert type(caught.value) is error
