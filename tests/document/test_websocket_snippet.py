"""The document's JavaScript snippet for live updates, its text unchanged, in Node against the real server."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
from contract import blocks
from node import running
from server_process import ServerProcess

# Debian's package node-ws; Node itself may come from elsewhere.
MODULES = Path("/usr/share/nodejs")
pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and (MODULES / "ws").is_dir()), reason="the snippet needs node and node-ws"
)

# What the snippet leaves to its user: the socket with an address and a credential, and the two handlers.
HARNESS = """
const Socket = require('ws');
const [address, apiKey] = process.argv.slice(1);
class WebSocket extends Socket {
  constructor(printed) {
    super(printed.replace('ws://localhost:3000', address), { headers: { 'X-API-Key': apiKey } });
    this.on('message', (data) => say(JSON.parse(data).type, null));
    this.on('error', (error) => say('error', String(error)));
  }
}
const say = (name, value) => console.log(JSON.stringify([name, value]));
const handleTaskUpdate = (task) => say('handleTaskUpdate', [task.id, task.title]);
const handleAgentStatusChange = (agent) => say('handleAgentStatusChange', [agent.id, agent.status]);
"""

(SNIPPET,) = [
    block.text for block in blocks("javascript") if block.heading == "Use WebSocket for Real-time Data"
]


@pytest.fixture(scope="module")
def own():
    """A server whose agents rest."""
    with ServerProcess() as process:
        yield process.start(api_key="ak_test-key", agents="off")


@pytest.fixture
def changing(own):
    """Requests that change something there."""
    headers = {"X-API-Key": "ak_test-key"}
    with httpx.Client(base_url=f"{own.url}/api/v1", headers=headers, timeout=10) as client:

        def change(method, path, body=None):
            answer = client.request(method, path, json=body)
            answer.raise_for_status()
            return answer.json()["data"]

        yield change


def snippet(own, text):
    """The program, connected to the server."""
    return running(HARNESS + text, own.ws_url.removesuffix("/ws"), "ak_test-key", NODE_PATH=str(MODULES))


def until(said, name):
    """The value of the next line of that name."""
    while (found := said())[0] != name:
        assert found[0] != "error", found
    return found[1]


def test_it_is_told_of_the_tasks_of_its_project(own, changing):
    """`handleTaskUpdate` with each change of a task; those of other projects don't reach it."""
    with snippet(own, SNIPPET) as said:
        until(said, "subscribed")
        for project in ("proj-456", "proj-123"):
            made = changing("POST", "/tasks", {"title": "New", "projectId": project})
        assert until(said, "handleTaskUpdate") == [made["id"], "New"]
        changing("PATCH", "/tasks/task-123", {"title": "Elsewhere"})
        changing("PATCH", f"/tasks/{made['id']}", {"title": "Changed"})
        assert until(said, "handleTaskUpdate") == [made["id"], "Changed"]


def test_its_other_handler_is_called_for_the_channel_agents(own, changing):
    """With the same text, but for the channel and its filter."""
    text = SNIPPET.replace("channel: 'tasks'", "channel: 'agents'")
    text = text.replace("projectId: 'proj-123'", "agentId: 'agent-123'")
    assert text.count("agents'") == 1
    with snippet(own, text) as said:
        until(said, "subscribed")
        changing("POST", "/agents/agent-123/disable")
        assert until(said, "handleAgentStatusChange") == ["agent-123", "offline"]
