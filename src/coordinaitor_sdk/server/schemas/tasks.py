"""Tasks on the wire (API document, "Task Endpoints")."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from coordinaitor_sdk.server.domain.states import PRIORITY_RANK, Priority, Status
from coordinaitor_sdk.server.schemas.common import (
    PARTIAL,
    AgentId,
    Hours,
    Line,
    LongText,
    MentionedId,
    Paged,
    Point,
    ProjectId,
    Query,
    QueryList,
    QueryText,
    Share,
    ShortText,
    Strict,
    Tag,
    Text,
    Timestamp,
    listed,
    not_blank,
    published,
)
from coordinaitor_sdk.server.store.task_list import SortBy, SortOrder, TaskFilter
from coordinaitor_sdk.server.wire import dumps

Tags = Annotated[list[Tag], Field(max_length=50)]
Points = Annotated[list[Point], Field(max_length=100)]

_JSON_COLUMNS = ("tags", "requirements", "acceptance_criteria")


class _TaskFields(Strict):
    def columns(self) -> dict[str, Any]:
        """The given fields as the columns of a row."""
        given = self.model_dump(exclude_unset=True)
        for name in _JSON_COLUMNS:
            if name in given:
                given[name] = dumps(list(dict.fromkeys(given[name])) if name == "tags" else given[name])
        if "priority" in given:
            given["priority"] = PRIORITY_RANK[given["priority"]]
        return given


class TaskCreate(_TaskFields):
    """The body of `POST /tasks`."""

    title: Line
    description: LongText = ""
    priority: Priority = "medium"
    project_id: ProjectId | None = None
    agent_id: AgentId | None = None
    tags: Tags = Field(default_factory=list)
    estimated_hours: Hours | None = None
    due_date: Timestamp | None = None
    requirements: Points = Field(default_factory=list)
    acceptance_criteria: Points = Field(default_factory=list)


class TaskUpdate(_TaskFields):
    """The body of `PUT` and `PATCH /tasks/{taskId}`: the given fields are changed, in both."""

    model_config = PARTIAL

    title: Line = ""
    description: LongText = ""
    status: Status = "pending"
    priority: Priority = "medium"
    project_id: ProjectId | None = None
    agent_id: AgentId | None = None
    tags: Tags = Field(default_factory=list)
    estimated_hours: Hours | None = None
    actual_hours: Hours = 0.0
    progress: Share = 0.0
    due_date: Timestamp | None = None
    requirements: Points = Field(default_factory=list)
    acceptance_criteria: Points = Field(default_factory=list)


class TaskAssign(_TaskFields):
    """The body of `POST /tasks/{taskId}/assign`."""

    model_config = PARTIAL

    agent_id: AgentId
    priority: Priority = "medium"
    due_date: Timestamp | None = None


class CommentCreate(Strict):
    """The body of `POST /tasks/{taskId}/comments`."""

    content: Annotated[LongText, Field(min_length=1), AfterValidator(not_blank)]
    mentions: Annotated[list[MentionedId], Field(max_length=50)] = Field(default_factory=list)


class FileFields(Strict):
    """What `POST /tasks/{taskId}/files` takes beside the file."""

    description: ShortText | None = None


class ProjectTasksQuery(Paged):
    """The query of `GET /projects/{projectId}/tasks`."""

    status: Status | None = None
    priority: Priority | None = None
    agent_id: QueryText | None = None
    search: QueryText | None = None
    tags: QueryList = Field(default_factory=list)
    created_after: Timestamp | None = None
    created_before: Timestamp | None = None
    sort_by: SortBy = "createdAt"
    sort_order: SortOrder = "desc"

    def of_project(self, project_id: str | None) -> TaskFilter:
        """What it asks for among the tasks of a project (None: of all), as the store takes it."""
        return TaskFilter(
            status=self.status,
            priority=None if self.priority is None else PRIORITY_RANK[self.priority],
            project_id=project_id,
            agent_id=self.agent_id,
            search=self.search,
            tags=tuple(self.tags),
            created_after=self.created_after,
            created_before=self.created_before,
            sort_by=self.sort_by,
            sort_order=self.sort_order,
        )


class TaskListQuery(ProjectTasksQuery):
    """The query of `GET /tasks`."""

    project_id: QueryText | None = None

    def filter(self) -> TaskFilter:
        """What it asks for, as the store takes it."""
        return self.of_project(self.project_id)


Include = Literal["comments", "files", "history", "metrics"]


class TaskGetQuery(Query):
    """The query of `GET /tasks/{taskId}`."""

    include: Annotated[list[Include], BeforeValidator(listed), published(minItems=1)] = Field(
        default_factory=list[Include]
    )


class TaskDeleteQuery(Query):
    """The query of `DELETE /tasks/{taskId}`."""

    reason: Annotated[Text, Field(max_length=1_000)] | None = None
