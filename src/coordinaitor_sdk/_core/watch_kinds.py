"""What can be watched, and what tells one kind of it from another (DESIGN 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from ..exceptions import ProjectDeletedError
from .watch import TERMINAL_STATES, TERMINAL_TYPES, TaskUpdate

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..models.agent import Agent
    from ..models.project import Project
    from ..models.task import Task
    from .watch import Position, Source

AgentUpdateType: TypeAlias = Literal["status", "updated", "deleted"]
ProjectUpdateType: TypeAlias = Literal["status", "updated", "completed", "archived", "deleted"]
_AGENT_ENDS: Final = frozenset({"deleted"})
_PROJECT_STATES: Final[dict[str, ProjectUpdateType]] = {"completed": "completed", "archived": "archived"}
_PROJECT_ENDS: Final = frozenset({*_PROJECT_STATES.values(), "deleted"})
# What changes with every step, or without any.
_BOOKKEEPING: Final = frozenset({"version", "updated_at"})
_AGENT_COUNTS: Final = frozenset(
    {
        "version",
        "current_tasks",
        "average_response_time",
        "success_rate",
        "total_tasks_completed",
        "last_active_at",
        "tasks",
        "metrics",
        "logs",
    }
)


@dataclass(slots=True, frozen=True)
class AgentUpdate:
    """What a watch of agents yields: one step. Fields can be read by key too: `update["type"]`.

    Attributes:
        type: `status` (also the first sight), `updated` (another field was changed), and the end `deleted`.
        agent_id: the agent concerned.
        agent: its whole state; None only if it was deleted before it was seen.
        source: `push` from the WebSocket, `snapshot` by REST beside it, `poll` by REST where there is none.
        conflated: whether steps before this one may have been left out.
        position: epoch and number of the server's event up to which this is told; None where it has none.
    """

    type: AgentUpdateType
    agent_id: str
    agent: Agent | None
    source: Source
    conflated: bool = False
    position: Position | None = field(default=None, repr=False, compare=False)

    @property
    def is_final(self) -> bool:
        """Whether nothing comes after this for its agent."""
        return self.type in _AGENT_ENDS

    @property
    def subject_id(self) -> str:
        """`agent_id`, under the name that every kind of update has."""
        return self.agent_id

    @property
    def subject(self) -> Agent | None:
        """`agent`, under the name that every kind of update has."""
        return self.agent

    def __getitem__(self, key: str) -> Any:
        return _field(self, key, "agent")


@dataclass(slots=True, frozen=True)
class ProjectUpdate:
    """What a watch of projects yields: one step. Fields can be read by key too: `update["type"]`.

    Attributes:
        type: `status` (also the first sight), `updated` (another field was changed), and the ends
            `completed`, `archived`, `deleted`.
        project_id: the project concerned.
        project: its whole state; None only if it was deleted before it was seen.
        source: `push` from the WebSocket, `snapshot` by REST beside it, `poll` by REST where there is none.
        conflated: whether steps before this one may have been left out.
        position: epoch and number of the server's event up to which this is told; None where it has none.
    """

    type: ProjectUpdateType
    project_id: str
    project: Project | None
    source: Source
    conflated: bool = False
    position: Position | None = field(default=None, repr=False, compare=False)

    @property
    def is_final(self) -> bool:
        """Whether nothing comes after this for its project."""
        return self.type in _PROJECT_ENDS

    @property
    def subject_id(self) -> str:
        """`project_id`, under the name that every kind of update has."""
        return self.project_id

    @property
    def subject(self) -> Project | None:
        """`project`, under the name that every kind of update has."""
        return self.project

    def __getitem__(self, key: str) -> Any:
        return _field(self, key, "project")


def project_outcome(update: ProjectUpdate) -> Project:
    """The project of a final update.

    Raises:
        ProjectDeletedError: it is gone.
    """
    if update.type == "deleted" or update.project is None:
        told = f"there is no project {update.project_id}, or no more"
        raise ProjectDeletedError(told, project_id=update.project_id, project=update.project)
    return update.project


Update: TypeAlias = TaskUpdate | AgentUpdate | ProjectUpdate
Subject: TypeAlias = "Task | Agent | Project"


def _field(update: AgentUpdate | ProjectUpdate, key: str, kind: str) -> Any:
    keys = ("type", f"{kind}_id", kind, "source", "conflated", "position")
    if key in keys:
        return getattr(update, key)
    raise KeyError(f"an update has no {key!r}; it has {', '.join(keys)}")


@dataclass(slots=True, frozen=True, eq=False)
class Kind:
    """One kind of thing that is watched.

    Attributes:
        name: `task`; pushes are called after it, `task.updated`.
        channel: of the pushes.
        filter: what subscriptions name the thing by.
        update: makes an update of the type, the id, the state, and how that was seen.
        step: the type of the step from one state (None: the first sight) to another; None: no step.
        first: the type of the first sight.
        ends: the types that end it.
        by_change: whether its list can be had in the order of change.
        derives: whether some of its fields follow from its tasks, and change without its version.
        reopens: whether an end but `deleted` may be left.
    """

    name: Literal["task", "agent", "project"]
    channel: str
    filter: str
    update: Callable[..., Update]
    step: Callable[[Any, Any], str | None]
    first: str
    ends: frozenset[str]
    by_change: bool = False
    derives: bool = False
    reopens: bool = False

    def is_over(self, subject: Subject) -> bool:
        """Whether it is in a state that ends it."""
        return self.step(None, subject) in self.ends


def _task_step(known: Task | None, task: Task) -> str | None:
    same = known is not None and known.status == task.status  # and so no end
    terminal = None if same else TERMINAL_STATES.get(str(task.status).lower())
    if terminal is not None:
        return terminal
    if known is None:
        return "progress"
    if known.agent_id != task.agent_id and task.agent_id is not None:
        return "assigned"
    if not same or known.progress != task.progress:
        return "progress"
    return _updated(known, task, _BOOKKEEPING)


def _agent_step(known: Agent | None, agent: Agent) -> str | None:
    if known is None or known.status != agent.status:
        return "status"
    return _updated(known, agent, _AGENT_COUNTS)


def _project_step(known: Project | None, project: Project) -> str | None:
    end = _PROJECT_STATES.get(str(project.status).lower())
    if end is not None:
        return end
    if known is None or known.status != project.status:
        return "status"
    return _updated(known, project, _BOOKKEEPING)


def _updated(known: Subject, subject: Subject, besides: frozenset[str]) -> str | None:
    changed = known.model_dump(exclude=set(besides)) != subject.model_dump(exclude=set(besides))
    return "updated" if changed else None


TASK: Final = Kind(
    "task", "tasks", "taskId", TaskUpdate, _task_step, "progress", TERMINAL_TYPES, by_change=True
)
AGENT: Final = Kind(
    "agent", "agents", "agentId", AgentUpdate, _agent_step, "status", _AGENT_ENDS, derives=True
)
PROJECT: Final = Kind(
    "project",
    "projects",
    "projectId",
    ProjectUpdate,
    _project_step,
    "status",
    _PROJECT_ENDS,
    derives=True,
    reopens=True,
)
KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in (TASK, AGENT, PROJECT)}
