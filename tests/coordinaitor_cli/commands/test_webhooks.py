"""`coordinaitor webhooks`."""

import pytest

from coordinaitor_cli.webhook_events import EVENTS
from coordinaitor_sdk import webhooks

BODY = b'{"event": "task.completed"}'


@pytest.fixture
def at_work(cli, idle_server):
    return cli.use(idle_server)


def test_create(at_work, fails):
    """With events, a secret from standard input, headers."""
    options = ["--event", "task.completed", "--header", "X-A: b", "--inactive", "--secret-stdin"]
    done = at_work(
        "webhooks", "create", "https://example.com/hook", *options, "-o", "json", stdin="s3cret-s3cret\n"
    )
    assert done.returncode == 0, done.stderr
    assert '"X-A": "b"' in done.stdout
    fails(at_work("webhooks", "create", "https://example.com", "--event", "task.failed", "--header", "x"), 2)


def test_events(at_work):
    """Those that the API document names."""
    assert at_work("webhooks", "events", "-o", "jsonl", "--fields", "name").stdout.count("\n") == len(EVENTS)


def test_verify(cli, tmp_path, fails):
    """What was signed with the secret passes; anything else is exit code 7."""
    path = tmp_path / "body"
    path.write_bytes(BODY)
    signature = webhooks.sign(BODY, "s3cret")
    done = cli("webhooks", "verify", str(path), "--signature", signature, "--secret-stdin", stdin="s3cret\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "the signature holds\n")
    piped = cli(
        "webhooks",
        "verify",
        "-",
        "--signature",
        signature,
        stdin=BODY.decode(),
        COORDINAITOR_WEBHOOK_SECRET="s3cret",
    )
    assert piped.returncode == 0
    fails(
        cli("webhooks", "verify", str(path), "--signature", signature, COORDINAITOR_WEBHOOK_SECRET="other"), 7
    )
    fails(cli("webhooks", "verify", str(path), "--signature", signature), 2)
