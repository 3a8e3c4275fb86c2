"""The lines of an export: one object each, under the name of its kind.

An export has no secrets: passwords, keys, sessions, the secrets and headers of webhooks are not in it. Nor
are the log, events, answers kept for idempotency keys and deliveries of webhooks.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from coordinaitor_sdk.server.domain.permissions import Role, Tier
from coordinaitor_sdk.server.domain.states import Priority, Status
from coordinaitor_sdk.server.domain.webhooks import EventName
from coordinaitor_sdk.server.schemas.agents import AgentStatus, AgentType, Names, WorkingHours
from coordinaitor_sdk.server.schemas.common import (
    FreeMap,
    Hours,
    Line,
    LongText,
    Point,
    Share,
    Strict,
    Tag,
    Timestamp,
    Whole,
)
from coordinaitor_sdk.server.schemas.control import LARGEST_SEED, Reachable
from coordinaitor_sdk.server.schemas.projects import Budget, ProjectStatus
from coordinaitor_sdk.server.schemas.users import Email
from coordinaitor_sdk.server.schemas.webhooks import WebAddress

FORMAT: Final = "coordinaitor-world"
VERSION: Final = 1

_LARGEST: Final = 2**53


def _decoded(value: str) -> str:
    try:
        b64decode(value, validate=True)
    except (Error, ValueError):
        raise ValueError("must be base64") from None
    return value


Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
"""An id; ids are names of files too."""

Content = Annotated[str, AfterValidator(_decoded)]
"""Bytes as base64."""

Count = Annotated[int, Field(ge=0, le=_LARGEST), Whole]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Numbered = Literal["task", "comment", "history", "file", "proj", "agent", "user", "notification", "webhook"]


class Header(Strict):
    """The first line.

    Attributes:
        world: whose export it is; e-mails may have its id in them.
        numbers: what ids of each kind have come to.
    """

    format: Literal["coordinaitor-world"]
    version: Literal[1]
    world: Key
    organization: Line
    random_seed: Annotated[int, Field(ge=0, le=LARGEST_SEED), Whole]
    now: Reachable
    frozen: bool
    numbers: dict[Numbered, Count]


class Picture(Strict):
    """The picture of a user."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,10}$")]
    content: Content


class User(Strict):
    """A user, who has no password in another world."""

    id: Key
    email: Email
    name: Line
    role: Role
    tier: Tier
    created_at: Timestamp
    last_login_at: Timestamp | None
    preferences: FreeMap
    picture: Picture | None


class Agent(Strict):
    """An agent, with what it has done."""

    id: Key
    name: Line
    type: AgentType
    status: AgentStatus
    enabled: bool
    disabled_reason: Point | None
    model: Annotated[str, StringConstraints(max_length=200)]
    provider: Annotated[str, StringConstraints(max_length=200)]
    capabilities: Names
    specializations: Names
    max_concurrent_tasks: Annotated[int, Field(ge=1, le=100), Whole]
    working_hours: WorkingHours | None
    configuration: FreeMap
    completed_count: Count
    failed_count: Count
    response_seconds: Seconds
    response_count: Count
    created_at: Timestamp
    last_active_at: Timestamp | None
    version: Count


class Project(Strict):
    """A project."""

    id: Key
    name: Line
    description: LongText
    status: ProjectStatus
    priority: Priority
    start_date: Timestamp | None
    end_date: Timestamp | None
    budget: Budget | None
    tags: list[Tag]
    created_by: Key
    created_at: Timestamp
    updated_at: Timestamp
    version: Count


class ProjectMember(Strict):
    """A user of a project's team."""

    project_id: Key
    user_id: Key
    role: Line
    permissions: list[Line]
    position: Count


class ProjectAgent(Strict):
    """An agent of a project."""

    project_id: Key
    agent_id: Key
    position: Count


class Task(Strict):
    """A task; `workable` where simulated agents may work it."""

    id: Key
    title: Line
    description: LongText
    status: Status
    priority: Priority
    project_id: Key | None
    agent_id: Key | None
    tags: list[Tag]
    estimated_hours: Hours | None
    actual_hours: Hours
    progress: Share
    due_date: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp
    created_by: Key
    requirements: list[Point]
    acceptance_criteria: list[Point]
    completed_at: Timestamp | None
    error_code: str | None
    error_message: str | None
    version: Count
    assigned_at: Timestamp | None
    started_at: Timestamp | None
    workable: bool


class Comment(Strict):
    """A comment on a task."""

    id: Key
    task_id: Key
    content: LongText
    author: Key
    mentions: list[Key]
    created_at: Timestamp


class History(Strict):
    """An entry of a task's history."""

    id: Key
    task_id: Key
    action: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    field: str | None
    old: Any
    new: Any
    actor: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    at: Timestamp


class File(Strict):
    """A file of a task, with its content."""

    id: Key
    task_id: Key
    name: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    description: str | None
    mime_type: str
    uploaded_by: Key
    uploaded_at: Timestamp
    content: Content


class Notification(Strict):
    """What a user was told."""

    id: Key
    user_id: Key
    type: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    message: str
    task_id: Key | None
    project_id: Key | None
    created_at: Timestamp
    read_at: Timestamp | None


class Webhook(Strict):
    """A webhook, which gets a new secret in another world, and no headers."""

    id: Key
    url: WebAddress
    events: list[EventName]
    active: bool
    created_by: Key
    created_at: Timestamp


class Due(Strict):
    """Work that falls due; what is due at the same moment is done in the order of the lines."""

    due_at: Timestamp
    kind: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    subject: Annotated[str, StringConstraints(max_length=100)]
    payload: FreeMap
