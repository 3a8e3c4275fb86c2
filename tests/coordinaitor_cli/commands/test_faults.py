"""`coordinaitor server faults` and `coordinaitor server journal`."""

import httpx
import pytest
from control import Controlled, World
from server_process import ServerProcess


@pytest.fixture(scope="module")
def control():
    """The control API of a server."""
    with ServerProcess() as process:
        found = Controlled(process.start(control=True, agents="off").url)
        with found.http:
            yield found


@pytest.fixture
def there(control):
    """A world, and the options that name it."""
    with control.world(seed="empty") as world:
        yield world, ("--world", world.id, "--url", control.url)


def test_a_fault_is_added_happens_and_is_cleared(cli, there):
    """Each command prints what the server answers; what never happened is told beside it."""
    world, options = there
    assert isinstance(world, World)
    status = ("--status", "503", "--operation", "list_tasks", "--count", "2")
    made = cli.json("server", "faults", "add", "status", *status, *options)
    assert made == {
        "id": "fault-1",
        "kind": "status",
        "operation": "list_tasks",
        "count": 2,
        "status": 503,
        "matched": 0,
        "fired": 0,
        "spent": False,
    }
    assert cli("server", "faults", "add", "drop", "--event", "task.updated", *options).returncode == 0
    assert [world.api.get("/tasks").status_code for _ in range(3)] == [503, 503, 200]
    listed = cli("server", "faults", "list", *options)
    assert listed.stdout == (
        "fault-1\tstatus\tlist_tasks\t2\t2 of 2\tyes\nfault-2\tdrop\ttask.updated\t0\t0 of 1\tno\n"
    )
    assert listed.stderr == "never happened: fault-2\n"
    assert cli("server", "faults", "clear", "fault-1", *options).returncode == 0
    assert [one["id"] for one in cli.json("server", "faults", "list", *options)] == ["fault-2"]
    assert cli("server", "faults", "clear", *options).returncode == 0
    assert cli.json("server", "faults", "list", *options) == []


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        (("latency", "--seconds", "0.5"), "seconds", 0.5),
        (("rate-limit", "--retry-after", "3"), "retryAfter", 3),
        (("reset", "--when", "after"), "when", "after"),
        (("truncate", "--bytes", "7"), "bytes", 7),
        (("slow", "--bytes-per-second", "9"), "bytesPerSecond", 9),
        (("hang", "--nth", "4", "--share", "0.5", "--for-calls", "8"), "forCalls", 8),
        (("close", "--code", "4000"), "code", 4000),
        (("refuse-subscription", "--channel", "tasks"), "channel", "tasks"),
    ],
)
def test_each_kind_takes_its_options(cli, there, arguments, field, value):
    """And the server has them."""
    made = cli.json("server", "faults", "add", *arguments, *there[1])
    assert (made["kind"], made[field]) == (arguments[0], value)


def test_the_journal_is_shown_and_cleared(cli, there):
    """A line each, or all of it as JSON; without secrets."""
    world, options = there
    world.api.get("/tasks?page=1")
    world.api.post("/tasks", json={"title": "A task"})
    httpx.get(str(world.api.base_url) + "tasks/none", headers=world.api.headers)
    shown = cli("server", "journal", "show", *options).stdout.splitlines()
    assert [line.split("\t")[2] for line in shown] == ["200", "201", "404"]
    assert shown[0].endswith("\tGET\t/api/v1/tasks?page=1")
    (entry,) = cli.json("server", "journal", "show", "--operation", "create_task", *options)
    assert entry["body"]["content"] == {"title": "A task"}
    assert world.key not in str(entry)
    part = cli("server", "journal", "show", "--limit", "1", "--after", "1", *options)
    assert part.stderr == "there is more: --after 2\n"
    assert cli("server", "journal", "clear", *options).returncode == 0
    assert cli.json("server", "journal", "show", *options) == []


def test_what_can_not_be_meant_is_refused(cli, there):
    """With the server's words, and an exit code for each kind of refusal."""
    _, options = there
    misspelt = cli("server", "faults", "add", "hang", "--operation", "create_tsk", *options)
    assert (misspelt.returncode, misspelt.stdout) == (7, "")
    assert "is it create_task" in misspelt.stderr
    gone = ("--world", "org-none", *options[2:])
    for command in (("faults", "list"), ("faults", "clear"), ("journal", "show"), ("journal", "clear")):
        refused = cli("server", *command, *gone)
        assert (refused.returncode, refused.stdout) == (3, "")
    assert cli("server", "faults", "add", "explode", *options).returncode == 2
