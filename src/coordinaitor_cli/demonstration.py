"""What the demo does on its server: create, assign, watch, and tell how it ended."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .output import is_live, put, remark
from .output.table import Column, percent, print_rows
from .views import agent_of, failure_of
from .watching import line_of, state_of

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from coordinaitor_sdk import Agent, Coordinaitor, Task, TaskWatch

_PREFIXES: Final = ("COORDINAITOR_", "ORCHESTRATOR_")


@dataclass(frozen=True, slots=True)
class _Plan:
    """A task of the show; the simulated agents work an estimated hour in a second."""

    title: str
    tags: tuple[str, ...]
    hours: float


# The seed's backend agent has a task in hand already and takes one more: its second waits for its first.
_PLANS: Final = (
    _Plan("Build the product page", ("react", "typescript", "frontend"), 12.0),
    _Plan("Speed up the search", ("nodejs", "performance-optimization", "frontend"), 8.0),
    _Plan("Write the payment service", ("python", "postgresql", "backend"), 4.5),
    _Plan("Migrate the order history", ("python", "postgresql", "simulate-failure"), 10.0),
    _Plan("Review the checkout", ("review", "accessibility"), 6.5),
    _Plan("Document the public API", ("documentation", "api-docs"), 9.5),
)

_SUMMARY: Final[tuple[Column[Task], ...]] = (
    Column("ID", lambda task: task.id),
    Column("STATE", lambda task: task.status, is_state=True),
    Column("PROGRESS", lambda task: percent(task.progress)),
    Column("AGENT", agent_of, flexible=True),
    Column("TASK", lambda task: task.title, flexible=True),
)


@contextmanager
def alone(folder: str) -> Generator[None]:
    """Keep the user's profile, credentials and proxies out of it: none is read, nothing is written there."""
    before = dict(os.environ)
    try:
        for name in before:
            if name.startswith(_PREFIXES):
                del os.environ[name]
        os.environ |= {
            "COORDINAITOR_CONFIG_DIR": folder,
            "COORDINAITOR_DATA_DIR": folder,
            "NO_PROXY": "*",
            "no_proxy": "*",
        }
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def show(url: str, email: str, password: str) -> None:
    """Play the whole show on the server at `url`."""
    from coordinaitor_sdk import Coordinaitor

    with Coordinaitor(base_url=url, email=email, password=password) as client:
        tasks = _prepared(client)
        watch = client.tasks.watch_many([str(task.id) for task in tasks])
        ended = _live(watch) if is_live() else _lines(watch)
    put("")
    print_rows(ended, _SUMMARY)
    for task in ended:
        if task.status == "failed":
            put(f"{task.id} failed: {failure_of(task)}")


def _prepared(client: Coordinaitor) -> list[Task]:
    """A project and the tasks in it, each given to the agent that fits best."""
    client.auth.login()
    project = client.projects.create(name="Shop relaunch", tags=["demo"])
    agents = client.agents.list().collect()
    tasks: list[Task] = []
    for plan in _PLANS:
        task = client.tasks.create(
            title=plan.title, project_id=project.id, tags=plan.tags, estimated_hours=plan.hours
        )
        tasks.append(client.tasks.assign(str(task.id), str(_best(agents, plan).id)))
    workers = {task.agent_id for task in tasks}
    remark(f'project "{project.name}": {len(tasks)} tasks, assigned to {len(workers)} agents')
    return tasks


def _best(agents: Sequence[Agent], plan: _Plan) -> Agent:
    """The agent that has most of what the task wants."""

    def fit(agent: Agent) -> int:
        skills = {*(agent.capabilities or ()), *(agent.specializations or ())}
        return len(skills & set(plan.tags))

    return max(agents, key=fit)


def _live(watch: TaskWatch) -> list[Any]:
    from .output.live import Board, shown_live

    board = Board(watch.task_ids, with_ids=False)
    ended: dict[str, Any] = dict.fromkeys(watch.task_ids)
    with shown_live(board, transient=True):
        for update in watch:
            board.see(update, state_of(update))
            ended[update.task_id] = update.task
    return [task for task in ended.values() if task is not None]


def _lines(watch: TaskWatch) -> list[Any]:
    ended: dict[str, Any] = dict.fromkeys(watch.task_ids)
    for update in watch:
        put(line_of(update))
        ended[update.task_id] = update.task
    return [task for task in ended.values() if task is not None]
