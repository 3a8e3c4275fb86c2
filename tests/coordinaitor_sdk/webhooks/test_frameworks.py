"""What the page on webhooks gives to paste, in the real frameworks, over real HTTP."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from deliveries import NOW, SECRET, body_of, headers_of
from server_process import ServerProcess

from coordinaitor_sdk import Coordinaitor, webhooks

OLD_SECRET = "the-secret-before"


class Handler:
    """Keeps the titles; fails the given number of times."""

    def __init__(self, failures=0):
        self.titles = []
        self.failures = failures

    def __call__(self, event):
        self.titles.append(event.data.title)
        if len(self.titles) <= self.failures:
            raise RuntimeError("the handler fails")


class TestPasted:
    def test_the_handler_as_pasted_is_told_of_a_completed_task(self, site, capsys):
        """200, and what it prints."""
        body = body_of()
        assert site.post(body, headers_of(body)) == (200, "handled")
        assert "Grüße is done" in capsys.readouterr().out

    def test_a_handler_gets_the_event(self, site):
        """From bytes that would not survive being parsed and written again."""
        site.handle_with(handler := Handler())
        body = body_of("1.0 \\u00fc \\ud83c\\udf89")
        assert site.post(body, headers_of(body)) == (200, "handled")
        assert handler.titles == ["1.0 ü 🎉"]

    @pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
    def test_each_of_the_secrets_will_do(self, site, secret):
        """They stand in `WEBHOOK_SECRETS`, with a blank between."""
        body = body_of()
        assert site.post(body, headers_of(body, secret)) == (200, "handled")

    @pytest.mark.parametrize(
        "signature", [None, "", "sha256=00", "sha256=\xfc", webhooks.sign(b"{}", SECRET)]
    )
    def test_a_missing_or_wrong_signature_is_401(self, site, signature):
        """And nothing is handled."""
        site.handle_with(handler := Handler())
        headers = headers_of(body_of())
        del headers[webhooks.SIGNATURE_HEADER]
        if signature is not None:
            headers[webhooks.SIGNATURE_HEADER] = signature
        assert site.post(body_of(), headers)[0] == 401
        assert handler.titles == []

    def test_json_that_was_written_again_is_401(self, site):
        """The signature is that of the bytes."""
        body = body_of()
        assert site.post(json.dumps(json.loads(body)).encode(), headers_of(body))[0] == 401

    @pytest.mark.parametrize("body", [b"", b"[]", b"\xff\x00"])
    def test_what_cannot_be_read_is_400(self, site, body):
        """Though it is signed."""
        assert site.post(body, headers_of(body))[0] == 400

    def test_a_replay_is_acknowledged_and_not_handled_again(self, site):
        """200."""
        site.handle_with(handler := Handler())
        body = body_of()
        headers = headers_of(body)
        answers = [site.post(body, headers) for _ in range(3)]
        assert answers == [(200, "handled"), (200, "handled before"), (200, "handled before")]
        assert len(handler.titles) == 1

    def test_a_handler_that_fails_is_500_and_the_redelivery_is_handled(self, site):
        """Recorded only once it succeeded."""
        site.handle_with(handler := Handler(failures=2))
        body = body_of()
        headers = headers_of(body)
        assert [site.post(body, headers)[0] for _ in range(4)] == [500, 500, 200, 200]
        assert len(handler.titles) == 3

    def test_of_two_at_once_one_is_handled_and_the_other_told_to_come_again(self, site):
        """503 while the first is under way, 200 afterwards."""
        began, go_on = threading.Event(), threading.Event()
        runs = []

        def slow(event):
            runs.append(event)
            began.set()
            assert go_on.wait(10)

        site.handle_with(slow)
        body = body_of()
        headers = headers_of(body)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(site.post, body, headers)
            assert began.wait(10)
            second = site.post(body, headers)
            go_on.set()
            assert (first.result()[0], second[0], site.post(body, headers)[0]) == (200, 503, 200)
        assert len(runs) == 1

    def test_with_an_age_limit_a_late_redelivery_is_401_and_says_so(self, site):
        """In the answer, which the server's log may keep."""
        site.handle_with(handler := Handler())
        site.receive_with(max_age=60, clock=lambda: NOW + 61)
        body = body_of()
        status, text = site.post(body, headers_of(body))
        assert (status, handler.titles) == (401, [])
        assert "late redelivery" in text


@pytest.fixture(scope="module")
def own_server():
    """A server whose webhooks lead to these applications only."""
    with ServerProcess() as process:
        yield process.start(agents="off", api_key="ak_test")


class TestFromTheServer:
    def test_a_task_that_is_completed_is_told_once_with_its_title(self, site, own_server):
        """The reference server delivers to the pasted application; what it sent, sent again, is known."""
        site.receive_with(max_age=90_000, memory=webhooks.LocalMemory())
        told, kept = threading.Event(), []
        receive = site.module.receiver.receive

        def noting(body, headers, handler):
            kept.append((body, dict(headers.items())))
            return receive(body, headers, handler)

        site.module.receiver.receive = noting

        def handle(event):
            if event.data.title == title:
                titles.append((event.event, event.data.title, event.data.estimated_hours))
                told.set()

        titles, title = [], f"Grüße 🎉 from {site.url}"
        site.handle_with(handle)
        with Coordinaitor(own_server.url, api_key="ak_test") as client:
            client.webhooks.create(site.url, ["task.completed"], secret=OLD_SECRET)
            task = client.tasks.create(title=title, estimated_hours=1.0)
            client.tasks.update(task.id, status="completed")
            assert told.wait(20)
        body, headers = next(one for one in kept if title.encode() in one[0])
        assert site.post(body, headers) == (200, "handled before")
        assert titles == [("task.completed", title, 1.0)]

    @pytest.mark.slow
    @pytest.mark.parametrize("_site", ["flask"], indirect=True)
    def test_a_delivery_that_failed_is_handled_when_the_server_comes_again(self, site, own_server):
        """After some ten seconds, with the same id and bytes; an age limit lets it through in time."""
        site.receive_with(max_age=60, memory=webhooks.LocalMemory())
        title = "Fails at first"
        handled, tries = threading.Event(), []

        def handle(event):
            if event.data.title == title:
                tries.append(event)
                if len(tries) == 1:
                    raise RuntimeError("the first time it fails")
                handled.set()

        site.handle_with(handle)
        with Coordinaitor(own_server.url, api_key="ak_test") as client:
            client.webhooks.create(site.url, ["task.created"], secret=SECRET)
            client.tasks.create(title=title)
            assert handled.wait(30)
        assert tries[0] == tries[1]
