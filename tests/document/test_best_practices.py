"""The document's "Best Practices" in JavaScript, as printed, in Node against the real server."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from contract import blocks
from server_process import ServerProcess

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="the examples are JavaScript")


def printed(heading: str) -> str:
    """The one JavaScript block under a heading."""
    (text,) = [block.text for block in blocks("javascript") if block.heading == heading]
    return text


@pytest.fixture(scope="module")
def plain():
    """A server as it is by default, but that its agents rest."""
    with ServerProcess() as process:
        yield process.start(api_key="ak_test-key", agents="off")


def run(text: str, *arguments: str) -> list[object]:
    """What a program says, a JSON text a line."""
    command = ["node", "--input-type=commonjs", "-e", text, "--", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# What the class leaves to its user: how to send, and when a token counts as expired.
AUTHENTICATED = """
%s
const url = process.argv[1];
const answered = new Set();
class Client extends AuthenticatedClient {
  async post(path, body) {
    const response = await fetch(`${url}/api${path}`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body)
    });
    console.log(JSON.stringify([path, response.status]));
    const answer = await response.json();
    answered.add(answer.refreshToken);
    return answer;
  }
  isTokenExpired() { return true; }
}
(async () => {
  const client = new Client({ email: 'admin@orchestrator.com', password: 'admin123' });
  for (let round = 0; round < 4; round++) {
    await client.ensureAuthenticated();
    const headers = { Authorization: `Bearer ${client.token}` };
    const response = await fetch(`${url}/api/tasks`, { headers });
    console.log(JSON.stringify(['/tasks', response.status]));
  }
  console.log(JSON.stringify(['refresh tokens', answered.size]));
})();
"""


def test_a_client_that_keeps_its_first_refresh_token_stays_logged_in(plain):
    """Login once, then one refresh after the other with the same token; no other one is ever answered."""
    said = run(AUTHENTICATED % printed("Implement Token Refresh"), plain.url)
    refreshed = [["/auth/refresh", 200], ["/tasks", 200]]
    assert said == [["/auth/login", 200], ["/tasks", 200], *refreshed * 3, ["refresh tokens", 1]]


CLIENT = """
const url = process.argv[1];
const headers = { 'X-API-Key': 'ak_test-key', 'Content-Type': 'application/json' };
const send = async (method, path, body) => {
  const response = await fetch(`${url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.error.message), {
    status: response.status, headers: Object.fromEntries(response.headers)
  });
};
const client = { tasks: { list: (query) => send('GET', `/tasks?${new URLSearchParams(query)}`) } };
"""


def test_its_pagination_gathers_every_task_once(plain):
    """Three pages of 100 and what is left."""
    text = (
        CLIENT
        + printed("Use Pagination Effectively")
        + """
    (async () => {
      for (let n = 0; n < 250; n++) await send('POST', '/tasks', { title: `Task ${n}` });
      const all = await getAllTasks();
      const { pagination } = await client.tasks.list({ limit: 1 });
      console.log(JSON.stringify([all.length, new Set(all.map((task) => task.id)).size, pagination.total]));
    })();
    """
    )
    assert run(text, plain.url) == [[255, 255, 255]]


def test_its_retry_gives_up_at_once_on_what_is_the_callers_fault(plain):
    """One call for a 422; the error has its status."""
    text = (
        CLIENT
        + printed("Implement Retry Logic")
        + """
    (async () => {
      let calls = 0;
      const call = () => { calls++; return send('POST', '/tasks', {}); };
      await apiCallWithRetry(call).catch((error) => console.log(JSON.stringify([error.status, calls])));
    })();
    """
    )
    assert run(text, plain.url) == [[422, 1]]


def test_its_rate_limit_handler_comes_again_when_it_was_told_to():
    """The `Retry-After` of a 429 is long enough."""
    text = (
        CLIENT
        + printed("Handle Rate Limits")
        + """
    (async () => {
      await client.tasks.list({});
      const { pagination } = await handleRateLimit(() => client.tasks.list({ limit: 1 }));
      console.log(JSON.stringify(pagination.total));
    })();
    """
    )
    with ServerProcess() as process:
        process.start(api_key="ak_test-key", agents="off", rate_limit=1_800, burst=1)
        waiting, total = "Rate limited. Waiting 2 seconds...", 5
        command = ["node", "--input-type=commonjs", "-e", text, "--", process.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.splitlines()) == (0, [waiting, str(total)])
