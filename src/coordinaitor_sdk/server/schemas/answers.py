"""What goes out: every field required, enums closed, nothing unknown.

Answers are written as text (see `wire`) and not validated on their way; the tests hold each of them against
these.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints

from coordinaitor_sdk.server.domain.permissions import Permission, Role, Tier
from coordinaitor_sdk.server.domain.states import Priority, Status
from coordinaitor_sdk.server.domain.webhooks import EventName
from coordinaitor_sdk.server.domain.working_hours import Weekday
from coordinaitor_sdk.server.schemas.agents import AgentStatus, AgentType
from coordinaitor_sdk.server.schemas.common import Strict
from coordinaitor_sdk.server.schemas.projects import ProjectStatus
from coordinaitor_sdk.server.store.logs import Level, Service

T = TypeVar("T")

Stamp = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$")]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^\d{2}:\d{2}$")]
HourOfDay = Annotated[str, StringConstraints(pattern=r"^\d{2}:00-\d{2}:00$")]
State = Literal["healthy", "degraded", "unhealthy"]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]


class Meta(Strict):
    """`meta` of every answer in the envelope."""

    request_id: Annotated[str, StringConstraints(pattern=r"^req-[0-9a-f]{16}$")]
    timestamp: Stamp
    version: Literal["1.0.0"]


class Answer(Strict, Generic[T]):
    """A good answer."""

    success: Literal[True]
    data: T
    meta: Meta


class Pagination(Strict):
    """Where a page stands."""

    page: Annotated[int, Field(ge=1)]
    limit: Annotated[int, Field(ge=1, le=100)]
    total: Count
    pages: Count
    has_next: bool
    has_prev: bool


class Links(Strict):
    """Where the other pages are."""

    first: str
    last: str
    next: str | None
    prev: str | None


class Page(Strict, Generic[T]):
    """A page of a list."""

    success: Literal[True]
    data: list[T]
    pagination: Pagination
    links: Links
    meta: Meta


class Problem(Strict):
    """`error` of a failure."""

    code: Literal[
        "AUTHENTICATION_ERROR",
        "AUTHORIZATION_ERROR",
        "VALIDATION_ERROR",
        "NOT_FOUND",
        "CONFLICT_ERROR",
        "RATE_LIMIT_ERROR",
        "SERVICE_UNAVAILABLE",
        "INTERNAL_ERROR",
    ]
    message: Annotated[str, StringConstraints(min_length=1)]
    details: dict[str, list[str] | str] | None = None
    retry_after: Annotated[int, Field(ge=1)] | None = None


class Failure(Strict):
    """A failure."""

    success: Literal[False]
    error: Problem
    meta: Meta


class TaskError(Strict):
    """Why a task failed."""

    code: str
    message: str


class AssignedAgent(Strict):
    """The agent of a task, in brief."""

    id: str
    name: str
    type: AgentType


class TaskProject(Strict):
    """The project of a task, in brief."""

    id: str
    name: str


class Task(Strict):
    """A task."""

    id: str
    title: str
    description: str
    status: Status
    priority: Priority
    project_id: str | None
    agent_id: str | None
    tags: list[str]
    estimated_hours: Amount | None
    actual_hours: Amount
    progress: Share
    due_date: Stamp | None
    created_at: Stamp
    updated_at: Stamp
    created_by: str
    requirements: list[str]
    acceptance_criteria: list[str]
    completed_at: Stamp | None
    error: TaskError | None
    version: Annotated[int, Field(ge=1)]
    assigned_agent: AssignedAgent | None
    project: TaskProject | None


class Comment(Strict):
    """A comment on a task."""

    id: str
    content: str
    author: str
    mentions: list[str]
    created_at: Stamp


class History(Strict):
    """One line of a task's history; `field` only for `updated`."""

    id: str
    action: Literal["created", "assigned", "status_changed", "updated"]
    field: str | None
    from_: Annotated[Any, Field(alias="from")]
    to: Any
    user: str
    timestamp: Stamp


class File(Strict):
    """A file of a task. Size in bytes."""

    id: str
    name: str
    size: Count
    mime_type: str
    description: str | None
    uploaded_by: str
    uploaded_at: Stamp


class TaskMetrics(Strict):
    """The measurements of a task; null has no source."""

    time_spent: Amount
    completion_rate: Share
    quality_score: None
    change_requests: None


class TaskDetail(Task):
    """A task with everything that `include` can ask for."""

    comments: list[Comment] = Field(default_factory=list[Comment])
    files: list[File] = Field(default_factory=list[File])
    history: list[History] = Field(default_factory=list[History])
    metrics: TaskMetrics | None = None


class DeletedTask(Task):
    """The last state of a deleted task, as `task.deleted` carries it."""

    deleted_by: str
    deletion_reason: str | None


class Hours(Strict):
    """When an agent works."""

    timezone: str
    start: TimeOfDay
    end: TimeOfDay
    days: Annotated[list[Weekday], Field(min_length=1)]


class Agent(Strict):
    """An agent."""

    id: str
    name: str
    type: AgentType
    status: AgentStatus
    model: str | None
    provider: str | None
    capabilities: list[str]
    specializations: list[str]
    max_concurrent_tasks: Annotated[int, Field(ge=1)]
    current_tasks: Count
    average_response_time: Amount | None
    success_rate: Share | None
    total_tasks_completed: Count
    created_at: Stamp
    last_active_at: Stamp | None
    working_hours: Hours | None
    configuration: dict[str, Any]
    enabled: bool
    disabled_reason: str | None
    version: Annotated[int, Field(ge=1)]


class Period(Strict):
    """What metrics are about."""

    start: Stamp
    end: Stamp


class AgentTaskMetrics(Strict):
    """The tasks assigned to an agent, counted; time in hours."""

    total_tasks: Count
    completed_tasks: Count
    failed_tasks: Count
    cancelled_tasks: Count
    success_rate: Share | None
    average_completion_time: Amount | None


class AgentPerformance(Strict):
    """How an agent performs; seconds. Null has no source."""

    average_response_time: Amount | None
    quality_score: None
    customer_satisfaction: None
    code_quality_score: None


class AgentUtilization(Strict):
    """How much of its time an agent works."""

    total_hours: Amount
    active_hours: Amount
    utilization_rate: Share | None
    peak_hours: Annotated[list[HourOfDay], Field(max_length=2)]


class AgentMetrics(Strict):
    """What an agent did."""

    agent_id: str
    period: Period
    task_metrics: AgentTaskMetrics
    performance_metrics: AgentPerformance
    utilization_metrics: AgentUtilization


class AgentLog(Strict):
    """Something that an agent did to a task."""

    timestamp: Stamp
    level: Literal["info", "error"]
    message: str
    task_id: str


class AgentDetail(Agent):
    """An agent with everything that `include` can ask for."""

    tasks: list[Task] = Field(default_factory=list[Task])
    metrics: AgentMetrics | None = None
    logs: list[AgentLog] = Field(default_factory=list["AgentLog"])


class TaskCount(Strict):
    """The tasks of a project by state; failed and cancelled ones are in the total only."""

    total: Count
    completed: Count
    active: Count
    pending: Count


class BudgetOut(Strict):
    """What a project may use."""

    hours: Amount | None
    cost: Amount | None


class MemberOut(Strict):
    """A user of a project's team."""

    user_id: str
    role: str
    permissions: list[str]


class Project(Strict):
    """A project."""

    id: str
    name: str
    description: str
    status: ProjectStatus
    priority: Priority
    start_date: Stamp | None
    end_date: Stamp | None
    progress: Share
    task_count: TaskCount
    team_size: Count
    assigned_agents: Count
    budget: BudgetOut | None
    team_members: list[MemberOut]
    agents: list[str]
    tags: list[str]
    created_by: str
    created_at: Stamp
    updated_at: Stamp
    version: Annotated[int, Field(ge=1)]


class UserStats(Strict):
    """What a user has to do with: tasks created, those of them completed, active projects as a member."""

    tasks_created: Count
    tasks_completed: Count
    projects_active: Count


class User(Strict):
    """A user."""

    id: str
    email: str
    name: str
    role: Role
    tier: Tier
    organization_id: str
    avatar: str | None
    preferences: dict[str, Any]
    stats: UserStats
    created_at: Stamp
    last_login_at: Stamp | None


class Notification(Strict):
    """Something that a user is told."""

    id: str
    type: Literal["mention", "task_assigned", "task_completed", "task_failed", "project_member_added"]
    message: str
    task_id: str | None
    project_id: str | None
    read: bool
    read_at: Stamp | None
    created_at: Stamp


class LoginUser(Strict):
    """Who logged in."""

    id: str
    email: str
    name: str
    role: Role
    organization_id: str


class Refreshed(Strict):
    """The answer to a refresh."""

    access_token: str
    refresh_token: str
    expires_in: Amount


class LoggedIn(Refreshed):
    """The answer to a login."""

    user: LoginUser


class ApiKey(Strict):
    """An API key, with the key itself: it is shown at its creation only."""

    id: str
    key: Annotated[str, StringConstraints(pattern=r"^ak_")]
    name: str
    permissions: list[Permission]
    rate_limit: Count | None
    burst: Count | None
    created_at: Stamp


class DatabaseHealth(Strict):
    """The database, measured by this request. Latency in milliseconds."""

    status: Literal["healthy", "unhealthy"]
    latency: Amount | None
    connections: Count


class AgentsHealth(Strict):
    """The agents, counted."""

    status: Literal["healthy", "degraded"]
    total: Count
    available: Count
    busy: Count


class Services(Strict):
    """What runs; agents only while the database answers."""

    database: DatabaseHealth
    agents: AgentsHealth | None = None


class HealthMetrics(Strict):
    """Counts now, and the newest 1,000 answers; milliseconds, and a share of 1."""

    active_tasks: Count | None
    completed_today: Count | None
    average_response_time: Amount | None
    error_rate: Share | None


class Health(Strict):
    """The state of the server. Uptime in seconds."""

    status: Literal["healthy", "unhealthy"]
    timestamp: Stamp
    uptime: Count
    version: str
    environment: Literal["development"]
    services: Services
    metrics: HealthMetrics


class RequestCounts(Strict):
    """Answers since the server's start; times and the share of 5xx are of the newest 1,000. Milliseconds."""

    total: Count
    failed: Count
    average_response_time: Amount | None
    p95_response_time: Annotated[Amount | None, Field(alias="p95ResponseTime")]
    error_rate: Share | None


class TaskCounts(Strict):
    """Tasks by state."""

    total: Count
    pending: Count
    active: Count
    completed: Count
    failed: Count
    cancelled: Count
    completed_today: Count


class AgentCounts(Strict):
    """Agents by state."""

    total: Count
    available: Count
    busy: Count
    offline: Count
    error: Count


class ProjectCounts(Strict):
    """Projects."""

    total: Count
    active: Count


class Realtime(Strict):
    """Sockets of the whole server."""

    connections: Count
    subscriptions: Count


class DeliveryCounts(Strict):
    """Webhooks, and their deliveries as far as they are kept."""

    active: Count
    pending: Count
    delivered: Count
    failed: Count


class Process(Strict):
    """The server's process. Bytes; null where the system doesn't tell."""

    memory: Count | None
    cpu_seconds: Amount


class DatabaseSize(Strict):
    """Bytes of the database."""

    size: Count


class SystemMetrics(Strict):
    """Counts of the organization, measurements of the server. Uptime in seconds."""

    timestamp: Stamp
    uptime: Count
    requests: RequestCounts
    tasks: TaskCounts
    agents: AgentCounts
    projects: ProjectCounts
    realtime: Realtime
    webhooks: DeliveryCounts
    process: Process
    database: DatabaseSize


class ApiStatus(Strict):
    """What answers requests: how many since the start, and the share of 5xx in the newest 1,000."""

    status: State
    requests: Count
    error_rate: Share | None


class DatabaseStatus(DatabaseHealth):
    """The database. Bytes."""

    size: Count


class RealtimeStatus(Realtime):
    """The sockets."""

    status: State


class SchedulerStatus(Strict):
    """Stored due work: all that waits, and what should have been done by now."""

    status: State
    waiting: Count
    overdue: Count


class AgentsStatus(AgentsHealth):
    """The agents, and whether simulated ones work."""

    simulated: bool


class WebhooksStatus(Strict):
    """Deliveries that wait, and those of them that have failed before."""

    status: State
    active: Count
    pending: Count
    retrying: Count


class StatusServices(Strict):
    """What runs."""

    api: ApiStatus
    database: DatabaseStatus
    realtime: RealtimeStatus
    scheduler: SchedulerStatus
    agents: AgentsStatus
    webhooks: WebhooksStatus


class SystemStatus(Strict):
    """The server and its services; the status is the worst of theirs. Uptime in seconds."""

    status: State
    timestamp: Stamp
    started_at: Stamp
    uptime: Count
    version: str
    environment: Literal["development"]
    services: StatusServices


class LogEntry(Strict):
    """A line of the log."""

    id: Annotated[str, StringConstraints(pattern=r"^log-\d+$")]
    timestamp: Stamp
    level: Level
    service: Service
    message: str
    request_id: str | None


class Webhook(Strict):
    """A webhook, with its secret: it is shown at its creation only."""

    id: str
    url: str
    events: list[EventName]
    active: bool
    headers: dict[str, str]
    secret: str
    created_at: Stamp


class Push(Strict, Generic[T]):
    """A push on `/ws`."""

    type: str
    data: T
    seq: Annotated[int, Field(ge=1)]
    epoch: str
    timestamp: Stamp


class CommentAdded(Strict):
    """The data of `task.comment_added`."""

    task_id: str
    comment: Comment


class FileAdded(Strict):
    """The data of `task.file_added`."""

    task_id: str
    file: File
