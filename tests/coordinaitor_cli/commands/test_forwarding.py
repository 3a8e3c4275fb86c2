"""`coordinaitor webhooks trigger` and `listen`: deliveries sent from here, as the server sends them."""

import json
import re
from pathlib import Path

import pytest
from receiver import Receiver
from server_process import free_port

from coordinaitor_cli.webhook_events import EVENTS
from coordinaitor_cli.webhook_samples import ORGANIZATION, SAMPLES
from coordinaitor_sdk import Coordinaitor, WebhookEvent
from coordinaitor_sdk.webhooks import parse, verify

DOCUMENT = Path(__file__).parents[3] / "docs" / "api-documentation.md"


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def server_side(idle_server):
    with Coordinaitor(idle_server.url, api_key="ak_test") as client:
        yield client


@pytest.fixture
def listening(cli, idle_server):
    """Starts `webhooks listen` and waits until it follows."""
    running = []

    def start(url, *arguments, secret="s3cret"):
        cli.use(idle_server)
        cli.env["COORDINAITOR_WEBHOOK_SECRET"] = secret
        process = cli.start("webhooks", "listen", "--forward-to", url, *arguments)
        running.append(process)
        said = process.stderr.readline()
        assert said.startswith("following "), said + process.stderr.read()
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


class TestTrigger:
    @pytest.mark.parametrize("event", EVENTS)
    def test_every_documented_event_can_be_sent(self, cli, receiver, event):
        """Signed with the secret; the receiver's library reads it."""
        done = cli(
            *("webhooks", "trigger", event, "--forward-to", receiver.url, "--secret-stdin", "-o", "json"),
            stdin="s3cret\n",
        )
        assert done.returncode == 0, done.stderr
        (came,) = receiver.received
        verify(came.body, came.headers["x-orchestrator-signature"], "s3cret", max_age=60)
        assert parse(came.body).event == event == came.headers["x-orchestrator-event"]
        told = json.loads(done.stdout)
        assert (told["id"], told["status"]) == (came.headers["x-orchestrator-delivery"], 200)

    def test_a_secret_is_made_and_shown_once(self, cli, receiver):
        """On standard error, where no pipe takes it along."""
        done = cli("webhooks", "trigger", "task.completed", "--forward-to", receiver.url)
        assert done.returncode == 0
        secret = re.search("secret, shown this once: (.+)", done.stderr)[1]
        assert secret not in done.stdout
        came = receiver.received[0]
        verify(came.body, came.headers["x-orchestrator-signature"], secret)

    def test_headers_are_sent_along(self, cli, receiver):
        """As a webhook's own are; those that the delivery needs can't be replaced."""
        headers = ("--header", "X-Team: blue", "--header", "X-Orchestrator-Event: other")
        cli("webhooks", "trigger", "task.failed", "--forward-to", receiver.url, *headers)
        assert receiver.received[0].headers["x-team"] == "blue"
        assert receiver.received[0].headers["x-orchestrator-event"] == "task.failed"

    def test_an_answer_that_is_no_2xx_fails(self, cli):
        """Shown as data, and told as the error."""
        with Receiver(lambda _: 500) as receiver:
            done = cli("webhooks", "trigger", "task.failed", "--forward-to", receiver.url, "-o", "json")
            assert done.returncode == 1
            assert json.loads(done.stdout)["status"] == 500
            assert "HTTP 500" in json.loads(done.stderr.splitlines()[-1])["error"]["message"]

    def test_a_receiver_that_is_down_fails(self, cli):
        """In a line that names it."""
        url = f"http://127.0.0.1:{free_port()}/hook"
        done = cli("webhooks", "trigger", "task.failed", "--forward-to", url)
        assert done.returncode == 11
        told = f"error: task.failed was not taken by {url}: Connection refused (profile default by default)"
        assert done.stderr.splitlines()[-1] == told

    @pytest.mark.parametrize(
        "arguments",
        [
            ("task.exploded", "--forward-to", "http://127.0.0.1:9"),
            ("task.failed", "--forward-to", "localhost:8000"),
            ("task.failed", "--forward-to", "http://localhost:port"),
            ("task.failed",),
        ],
    )
    def test_what_can_not_be_meant_is_refused(self, cli, fails, arguments):
        """Nothing is sent."""
        fails(cli("webhooks", "trigger", *arguments), 2)


class TestSamples:
    def test_they_are_the_documents_objects(self):
        """What differs is what the event's name says."""
        blocks = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
        shown = []
        for block in blocks:
            if '"success": true' not in block and '"event"' not in block:
                continue
            try:
                data = json.loads(block)["data"]
            except ValueError:
                continue
            shown += data if isinstance(data, list) else [data]
        as_shown = {"task.created", "task.updated", "task.completed", "agent.created", "user.registered"}
        assert [event for event in as_shown if SAMPLES[event] not in shown] == []
        payload = next(json.loads(block) for block in blocks if '"event": "task.completed"' in block)
        assert (payload["data"], payload["organization"]) == (SAMPLES["task.completed"], ORGANIZATION)

    def test_there_is_one_for_each_documented_event(self):
        """And none for others."""
        assert list(SAMPLES) == list(EVENTS)


class TestListen:
    def test_what_a_webhook_would_be_told_is_forwarded_byte_for_byte(self, listening, server_side, receiver):
        """Beside a real webhook of the server: same bodies, same headers but for id."""
        with Receiver() as here:
            listening(here.url, secret="s3cret-s3cret")
            events = ["task.created", "task.updated", "task.assigned", "project.created", "agent.created"]
            server_side.webhooks.create(receiver.url, events, secret="s3cret-s3cret")
            agent = server_side.agents.create(name="Bot", type="coding", model="m")
            server_side.projects.create(name="P")
            made = server_side.tasks.create(title="Grüße \u2028", estimated_hours=1.5)
            server_side.tasks.assign(made.id, agent.id)
            theirs, ours = receiver.expect(6), here.expect(6)
        assert sorted(one.body for one in ours) == sorted(one.body for one in theirs)
        same = [
            sorted((one.headers["x-orchestrator-signature"], one.headers["user-agent"]) for one in sent)
            for sent in (ours, theirs)
        ]
        assert same[0] == same[1]
        assert ours[0].headers.keys() - {"accept-encoding"} == theirs[0].headers.keys() - {
            *("accept", "accept-encoding", "connection"),
        }

    def test_each_is_shown_with_its_answer(self, listening, server_side, receiver):
        """One line; the id is the delivery's, the same for the same event."""
        process = listening(receiver.url, "--event", "project.created", "-o", "jsonl")
        server_side.tasks.create(title="not asked for")
        server_side.projects.create(name="P")
        told = json.loads(process.stdout.readline())
        came = receiver.expect(1)[0]
        assert (told["event"], told["status"], told["error"]) == ("project.created", 200, None)
        assert told["id"] == came.headers["x-orchestrator-delivery"]
        assert isinstance(parse(came.body), WebhookEvent)

    def test_a_receiver_that_is_down_ends_nothing(self, listening, server_side):
        """A clear line, and the next event finds it when it is back."""
        port = free_port()
        url = f"http://127.0.0.1:{port}/hook"
        process = listening(url, "--event", "project.created")
        server_side.projects.create(name="P")
        assert process.stdout.readline().startswith("project.created\tConnection refused\t")
        told = process.stderr.readline()
        assert told == f"warning: project.created was not taken by {url}: Connection refused\n"
        with Receiver(port=port) as receiver:
            server_side.projects.create(name="Q")
            assert parse(receiver.expect(1)[0].body).data.name == "Q"

    def test_ctrl_c_ends_it_quietly(self, cli, idle_server, receiver):
        """Exit code 130; the secret that was made stands above."""
        terminal = cli.use(idle_server).at_terminal("webhooks", "listen", "--forward-to", receiver.url)
        terminal.expect("Ctrl-C ends it")
        assert "secret, shown this once: " in terminal.shown
        terminal.type("\x03")
        assert terminal.end() == 130
        assert "Traceback" not in terminal.shown

    def test_an_event_that_comes_on_no_channel_is_refused(self, cli, fails, receiver):
        """Before anything is connected."""
        fails(cli("webhooks", "listen", "--forward-to", receiver.url, "--event", "robot.made"), 2)
