"""The document's JavaScript snippet for live updates, its text unchanged, in Node against the real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from queue import Queue

import httpx
import pytest
from contract import blocks
from server_process import ServerProcess

# Debian's package node-ws; Node itself may come from elsewhere.
MODULES = Path("/usr/share/nodejs")
pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and (MODULES / "ws").is_dir()), reason="the snippet needs node and node-ws"
)

# What the snippet leaves to its user: the socket with an address and a credential, and the two handlers.
HARNESS = """
const Socket = require('ws');
const [address, apiKey] = process.argv.slice(2);
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


@pytest.fixture
def own():
    """A server whose agents rest."""
    with ServerProcess() as process:
        yield process.start(api_key="ak_test-key", agents="off")


@pytest.fixture
def said(own, tmp_path):
    """What the program says, line by line."""
    script = tmp_path / "snippet.js"
    script.write_text(HARNESS + SNIPPET)
    address = own.url.replace("http://", "ws://")
    program = subprocess.Popen(
        ["node", str(script), address, "ak_test-key"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"NODE_PATH": str(MODULES)},
    )
    lines: Queue[list[object]] = Queue()
    assert program.stdout is not None
    stdout = program.stdout

    def read() -> None:
        for line in stdout:
            lines.put(json.loads(line))

    reader = threading.Thread(target=read)
    reader.start()
    yield lambda: lines.get(timeout=15)
    program.kill()
    program.wait(10)
    reader.join(10)
    stdout.close()


def until(said, name):
    """The value of the next line of that name."""
    while (found := said())[0] != name:
        assert found[0] != "error", found
    return found[1]


def test_it_is_told_of_the_tasks_of_its_project(own, said):
    """`handleTaskUpdate` with the whole task; tasks of other projects don't reach it."""
    until(said, "subscribed")
    with httpx.Client(base_url=f"{own.url}/api/v1", headers={"X-API-Key": "ak_test-key"}) as client:
        for title, project in (("Elsewhere", "proj-456"), ("Here", "proj-123")):
            client.post("/tasks", json={"title": title, "projectId": project}).raise_for_status()
    assert until(said, "handleTaskUpdate")[1] == "Here"


def test_its_other_handler_is_called_for_the_channel_agents(own, said, tmp_path):
    """With the same text, but for the channel and its filter."""
    script = tmp_path / "agents.js"
    text = SNIPPET.replace("channel: 'tasks'", "channel: 'agents'")
    text = text.replace("projectId: 'proj-123'", "agentId: 'agent-123'")
    assert text.count("agents'") == 1
    script.write_text(HARNESS + text)
    address = own.url.replace("http://", "ws://")
    with subprocess.Popen(
        ["node", str(script), address, "ak_test-key"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"NODE_PATH": str(MODULES)},
    ) as program:
        assert program.stdout is not None
        told = (json.loads(line) for line in program.stdout)
        assert next(told)[0] == "ready"
        assert next(told)[0] == "subscribed"
        headers = {"X-API-Key": "ak_test-key"}
        httpx.post(f"{own.url}/api/v1/agents/agent-123/disable", headers=headers).raise_for_status()
        assert next(line for line in told if line[0].startswith("handle")) == [
            "handleAgentStatusChange",
            ["agent-123", "offline"],
        ]
        program.kill()
