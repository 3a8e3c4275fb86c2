"""Processes that use the library as people do, with every warning an error (DESIGN 3.14)."""

import subprocess
import sys

import pytest

HEAD = """
import asyncio, gc, os, sys, threading, time
from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor, OrchestratorClient
url = sys.argv[1]
"""


def run(server, code, *, timeout=30.0):
    """Run a script with warnings as errors; what it prints."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", HEAD + code, server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    # asyncio's debug mode also tells of a step over 0.1 s, which a busy machine is enough for.
    told = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert (done.returncode, told) == (0, [])
    return done.stdout.split()


def test_a_module_level_async_client_that_is_never_closed_leaves_no_warning(server):
    """As in the document's Python example."""
    out = run(
        server,
        """
client = OrchestratorClient(base_url=url, api_key="ak_test")
async def main():
    task = await client.tasks.create({"title": "x", "project_id": "proj-123", "estimatedHours": 5})
    async for update in client.tasks.watch(task["id"]):
        if update["type"] == "completed":
            print("done")
            break
asyncio.run(main())
asyncio.run(main())
""",
    )
    assert out == ["done", "done"]


def test_a_watch_left_by_break_at_the_end_of_the_loop_leaves_no_warning(server):
    """The loop ends with a live socket."""
    out = run(
        server,
        """
client = AsyncCoordinaitor(url, api_key="ak_test")
async def main():
    async for update in client.tasks.watch("task-123"):
        print(update.type)
        break
    held = client.tasks.watch("task-123")
    print((await anext(held)).type)
    globals()["held"] = held
asyncio.run(main())
""",
    )
    assert out == ["progress", "progress"]


def test_a_sync_client_that_is_never_closed_leaves_no_warning(server):
    """Nor does a live watch at the interpreter's exit."""
    out = run(
        server,
        """
client = Coordinaitor(url, api_key="ak_test")
watch = client.tasks.watch("task-123")
print(next(watch).type, threading.active_count() > 1)
""",
    )
    assert out == ["progress", "True"]


def test_a_watch_that_ends_leaves_the_client_usable(server):
    """Closing ends the sockets; a later call opens new ones."""
    out = run(
        server,
        """
client = Coordinaitor(url, api_key="ak_test")
for _ in range(2):
    for update in client.tasks.watch("task-123"):
        break
    client.close()
    print(client.tasks.get("task-123").id)
client.close()
""",
    )
    assert out == ["task-123", "task-123"]


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="there is no fork here")
def test_a_forked_child_works_with_a_client_used_before(server):
    """Calls and watches alike, and the parent goes on."""
    out = run(
        server,
        """
client = Coordinaitor(url, api_key="ak_test")
next(client.tasks.watch("task-123"))
import warnings; warnings.simplefilter("ignore")  # Python 3.12 warns of fork with threads
pid = os.fork()
name = "child" if pid == 0 else "parent"
print(name, client.tasks.get("task-123").id, next(client.tasks.watch("task-123")).type, flush=True)
if pid == 0:
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
client.close()
""",
    )
    assert sorted([" ".join(out[:3]), " ".join(out[3:])]) == [
        "child task-123 progress",
        "parent task-123 progress",
    ]


def test_threads_share_a_client(server):
    """Calls and watches from many."""
    out = run(
        server,
        """
seen = []
with Coordinaitor(url, api_key="ak_test") as client:
    def work():
        task = client.tasks.create(title="x", estimated_hours=3)
        seen.append(client.tasks.wait(task.id, timeout=25).status)
    crowd = [threading.Thread(target=work) for _ in range(8)]
    for thread in crowd: thread.start()
    for thread in crowd: thread.join()
print(*seen)
""",
    )
    assert out == ["completed"] * 8


@pytest.mark.parametrize(
    "watching", ["client.tasks.wait(task.id)", "next(iter([u for u in client.tasks.watch(task.id)]))"]
)
def test_ctrl_c_ends_a_sync_wait_and_the_client_stays_usable(idle_server, watching):
    """A notebook's interrupt."""
    out = run(
        idle_server,
        f"""
import _thread
client = Coordinaitor(url, api_key="ak_test")
task = client.tasks.create(title="x")
threading.Timer(0.5, _thread.interrupt_main).start()
started = time.monotonic()
try:
    {watching}
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - started < 1.5)
print(client.tasks.get(task.id).status)
client.close()
""",
    )
    assert out == ["interrupted", "True", "pending"]


def test_a_script_of_the_home_page_runs(server):
    """The shortest way to use the library."""
    out = run(
        server,
        """
with Coordinaitor(url, api_key="ak_test") as client:
    task = client.tasks.create(title="Build user registration", priority="high", project_id="proj-123")
    for update in client.tasks.watch(task.id):
        last = update
print(last.type, f"{last.progress:.0%}")
""",
    )
    assert out == ["completed", "100%"]
