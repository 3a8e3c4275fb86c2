"""Processes that use the library as people do, with every warning an error (DESIGN 3.14)."""

import subprocess
import sys
from functools import partial

import pytest

HEAD = """
import asyncio, gc, os, sys, threading, time
import coordinaitor_sdk
from functools import partial
from coordinaitor_sdk import Cache
url, backend = sys.argv[1:]
AsyncCoordinaitor, Coordinaitor, OrchestratorClient = (
    partial(getattr(coordinaitor_sdk, name), http_backend=backend)
    for name in ("AsyncCoordinaitor", "Coordinaitor", "OrchestratorClient")
)
"""


@pytest.fixture(params=["httpx", "httpx2"])
def run(request):
    """Runs a script of that HTTP library, with warnings as errors; gives what it prints."""
    return partial(_run, backend=request.param)


def _run(server, code, *, backend, timeout=30.0):
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", HEAD + code, server.url, backend]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    # asyncio's debug mode also tells of a step over 0.1 s, which a busy machine is enough for.
    told = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert (done.returncode, told) == (0, [])
    return done.stdout.split()


def test_a_module_level_async_client_that_is_never_closed_leaves_no_warning(run, server):
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


def test_a_watch_left_by_break_at_the_end_of_the_loop_leaves_no_warning(run, server):
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


def test_a_sync_client_that_is_never_closed_leaves_no_warning(run, server):
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


def test_a_watch_that_ends_leaves_the_client_usable(run, server):
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
def test_a_forked_child_works_with_a_client_used_before(run, server):
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


def test_threads_share_a_client(run, server):
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
def test_ctrl_c_ends_a_sync_wait_and_the_client_stays_usable(run, idle_server, watching):
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


def test_a_script_of_the_home_page_runs(run, server):
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


def test_the_sync_client_works_inside_a_running_loop(run, server):
    """As in a notebook: calls, pages ahead and watches."""
    out = run(
        server,
        """
async def cell():
    client = Coordinaitor(url, api_key="ak_test")
    print(client.tasks.get("task-123").id, len(client.tasks.list(limit=2, prefetch=2).collect(max_items=5)))
    print(next(client.tasks.watch("task-123")).type)
asyncio.run(cell())
""",
    )
    assert out == ["task-123", "5", "progress"]


@pytest.mark.parametrize("path", ["None", "os.path.join(os.environ['TMPDIR'], f'{backend}.db')"])
def test_a_cache_that_is_never_closed_leaves_no_warning(run, server, path, tmp_path, monkeypatch):
    """In memory and in a file, sync and async, twice."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    out = run(
        server,
        f"""
kept = Cache(path={path})
client = Coordinaitor(url, api_key="ak_test", cache=kept)
later = AsyncCoordinaitor(url, api_key="ak_test", cache=kept)
async def main():
    print((await later.tasks.get("task-123")).id)
print(client.tasks.get("task-123").id)
asyncio.run(main())
asyncio.run(main())
""",
    )
    assert out == ["task-123"] * 3


def test_pages_ahead_that_are_left_leave_no_warning(run, server):
    """At the end of the loop, and of the interpreter."""
    out = run(
        server,
        """
async def main():
    async for task in AsyncCoordinaitor(url, api_key="ak_test").tasks.list(limit=1, prefetch=8):
        return print("left")
asyncio.run(main())
for task in Coordinaitor(url, api_key="ak_test").tasks.list(limit=1, prefetch=8):
    print("left")
    break
""",
    )
    assert out == ["left", "left"]


def test_an_exit_during_a_call_does_not_hang(run, server):
    """A daemon thread in the middle of a login, and one of a page."""
    out = run(
        server,
        """
import socket
silent = socket.create_server(("127.0.0.1", 0))
address = f"http://127.0.0.1:{silent.getsockname()[1]}"
client = Coordinaitor(address, email="a@b.c", password="p")
threading.Thread(target=client.tasks.get, args=("t",), daemon=True).start()
time.sleep(0.3)
print("over", flush=True)
silent.close()
""",
        timeout=15,
    )
    assert out == ["over"]


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="there is no fork here")
def test_a_fork_in_the_middle_of_calls_works_on(run, server):
    """Whatever the other threads held: locks of the pace, of the token, of the pool."""
    out = run(
        server,
        """
import warnings; warnings.simplefilter("ignore")  # Python 3.12 warns of fork with threads
client = Coordinaitor(url, api_key="ak_test", pacing=True)
client.tasks.get("task-123")  # a fork in the middle of an import would hang, whatever is imported
stop = threading.Event()
def work():
    while not stop.is_set():
        client.tasks.get("task-123")
crowd = [threading.Thread(target=work) for _ in range(4)]
for thread in crowd: thread.start()
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        client.tasks.get("task-123")
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
stop.set()
for thread in crowd: thread.join()
client.close()
print("done")
""",
    )
    assert out == ["done"]
