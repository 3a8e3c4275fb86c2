"""The document's receiver of webhooks as printed, in Node, over deliveries of the real server.

It checks the signature over `JSON.stringify(req.body)`, so whatever a delivery says must be written as
JavaScript writes it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from contract import blocks
from node import running
from server_process import ServerProcess

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="the receiver is JavaScript")

SECRET = "your-webhook-secret"

# What the block leaves to its user: an application in the place of Express, with its parser of JSON bodies.
HARNESS = """
const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
console.log = () => {};
const app = {
  post(path, handler) {
    const server = require('http').createServer((req, res) => {
      const chunks = [];
      req.on('data', (chunk) => chunks.push(chunk));
      req.on('end', () => {
        req.body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        res.status = (code) => { res.statusCode = code; return res; };
        res.send = (text) => { say([res.statusCode, text, req.body.event, req.body.data]); res.end(text); };
        handler(req, res);
      });
    });
    server.listen(0, '127.0.0.1', () => say(`http://127.0.0.1:${server.address().port}${path}`));
  }
};
"""

(RECEIVER,) = [block.text for block in blocks("javascript") if block.heading == "Signature Verification"]

ODD_TITLES = [
    "Grüße 🎉 e\u0301",
    "A line\u2028of JavaScript\u2029ends at both",
    "She said \"no\" \\ 'yes' / </script> `${1}`",
    "\ufeff\u200d\ufffd\U0010ffff",
]

ODD_CONFIGURATION = {
    "10": "ten",
    "9": "nine",
    "b": 1,
    "a": 2,
    "01": "no index",
    "-1": "none either",
    "4294967294": "the last index",
    "4294967295": "none any more",
    "__proto__": {"polluted": True},
    "": None,
    "numbers": [1.0, -0.0, 1e20, 1e21, 1.5e300, 1e-6, 1e-7, 5e-324, 0.1, 2**53, 2**53 + 1, 10**30],
    "nested": {"2": {"ü": ["\t\n\u0007", {"1": [], "0": {}}]}},
}


@pytest.fixture(scope="module")
def sender() -> Iterator[httpx.Client]:
    """A server whose agents rest, with the admin's key."""
    with ServerProcess() as process:
        process.start(api_key="ak_test-key", agents="off")
        headers = {"X-API-Key": "ak_test-key"}
        with httpx.Client(base_url=f"{process.url}/api/v1", headers=headers, timeout=10) as client:
            yield client


@contextmanager
def receiving(secret: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The receiver's address, and what it says of each delivery: status, text, event, data."""
    with running(HARNESS + RECEIVER, WEBHOOK_SECRET=secret) as said:
        yield said(), said


def sent(sender: httpx.Client, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The data of a good answer."""
    answer = sender.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json()["data"]


def subscribe(sender: httpx.Client, url: str, *events: str) -> None:
    """A webhook with the document's secret."""
    sent(sender, "POST", "/webhooks", {"url": url, "events": list(events), "secret": SECRET})


def test_it_accepts_a_task_whatever_its_title_and_hours(sender):
    """Umlauts, emoji, separators of lines, quotes; whole numbers, tiny ones, the largest."""
    with receiving(SECRET) as (url, said):
        subscribe(sender, url, "task.created")
        for title in ODD_TITLES:
            for hours in (1.0, 0.1, 1e-7, 5e-324, 99999.99999999999, 100_000):
                body = {"title": title, "estimatedHours": hours, "description": f"{title}\n\t{title}"}
                made = sent(sender, "POST", "/tasks", body)
                status, text, event, data = said()
                assert (status, text, event) == (200, "OK", "task.created")
                assert (data["id"], data["title"]) == (made["id"], title)
                assert data["estimatedHours"] == hours


def test_it_accepts_an_agent_whatever_its_configuration(sender):
    """Keys that JavaScript puts in an order of its own, numbers that it writes in its own way."""
    with receiving(SECRET) as (url, said):
        subscribe(sender, url, "agent.created")
        sent(sender, "POST", "/agents", {"name": "Odd", "type": "qa", "configuration": ODD_CONFIGURATION})
        status, text, event, data = said()
    assert (status, text, event) == (200, "OK", "agent.created")
    in_doubles = json.loads(json.dumps(ODD_CONFIGURATION), parse_int=float)
    assert json.loads(json.dumps(data["configuration"]), parse_int=float) == in_doubles


def test_it_refuses_what_another_secret_signed(sender):
    """401, as printed."""
    with receiving("another") as (url, said):
        subscribe(sender, url, "task.updated")
        task = sent(sender, "POST", "/tasks", {"title": "Signed"})
        status, text, event, data = said()
    assert (status, text, event, data["id"]) == (401, "Invalid signature", "task.updated", task["id"])
