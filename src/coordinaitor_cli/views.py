"""Which of a task's fields are shown, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from .output.table import Column, cell, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from coordinaitor_sdk import Agent, LogEntry, Notification, Project, Task, TeamMember, User

    from .output.table import Field

T = TypeVar("T")


def agent_of(task: Task) -> Any:
    """The name of the agent that does the task, else its id."""
    return getattr(task.assigned_agent, "name", None) or task.agent_id


def failure_of(task: Task) -> str | None:
    """Why the task failed, on one line; None where the server doesn't say."""
    said: Any = getattr(task.error, "message", task.error)
    return cell(said) or None


TASK_COLUMNS: Final[tuple[Column[Task], ...]] = (
    Column("ID", lambda task: task.id),
    Column("STATUS", lambda task: task.status, is_state=True),
    Column("PRIORITY", lambda task: task.priority),
    Column("PROGRESS", lambda task: percent(task.progress)),
    Column("AGENT", agent_of, flexible=True),
    Column("TITLE", lambda task: task.title, flexible=True),
)


AGENT_COLUMNS: Final[tuple[Column[Agent], ...]] = (
    Column("ID", lambda agent: agent.id),
    Column("STATUS", lambda agent: agent.status, is_state=True),
    Column("TYPE", lambda agent: agent.type),
    Column("TASKS", lambda agent: agent.current_tasks),
    Column("NAME", lambda agent: agent.name, flexible=True),
    Column("CAPABILITIES", lambda agent: agent.capabilities, flexible=True),
)
PROJECT_COLUMNS: Final[tuple[Column[Project], ...]] = (
    Column("ID", lambda project: project.id),
    Column("STATUS", lambda project: project.status, is_state=True),
    Column("PRIORITY", lambda project: project.priority),
    Column("PROGRESS", lambda project: percent(project.progress)),
    Column("NAME", lambda project: project.name, flexible=True),
)
MEMBER_COLUMNS: Final[tuple[Column[TeamMember], ...]] = (
    Column("ID", lambda member: member.user_id),
    Column("ROLE", lambda member: member.role),
    Column("PERMISSIONS", lambda member: member.permissions, flexible=True),
)
USER_COLUMNS: Final[tuple[Column[User], ...]] = (
    Column("ID", lambda user: user.id),
    Column("ROLE", lambda user: user.role),
    Column("E-MAIL", lambda user: user.email, flexible=True),
    Column("NAME", lambda user: user.name, flexible=True),
)
NOTIFICATION_COLUMNS: Final[tuple[Column[Notification], ...]] = (
    Column("ID", lambda told: told.id),
    Column("READ", lambda told: "yes" if told.read else "no"),
    Column("TYPE", lambda told: told.type),
    Column("TASK", lambda told: told.task_id),
    Column("CREATED", lambda told: told.created_at),
    Column("MESSAGE", lambda told: told.message, flexible=True),
)
LOG_COLUMNS: Final[tuple[Column[LogEntry], ...]] = (
    Column("TIME", lambda entry: entry.timestamp),
    Column("LEVEL", lambda entry: entry.level),
    Column("SERVICE", lambda entry: entry.service),
    Column("MESSAGE", lambda entry: entry.message, flexible=True),
)


def task_fields(task: Task) -> Iterator[Field]:
    """A task's fields for reading; what it doesn't have is None."""
    yield "ID", task.id
    yield "Title", cell(task.title)
    yield "Status", task.status
    yield "Error", failure_of(task)
    yield "Priority", task.priority
    yield "Progress", percent(task.progress)
    yield "Agent", _named(task.assigned_agent, task.agent_id)
    yield "Project", _named(task.project, task.project_id)
    yield "Tags", cell(task.tags)
    yield "Estimated hours", task.estimated_hours
    yield "Actual hours", task.actual_hours
    yield "Due", task.due_date
    yield "Created", task.created_at
    yield "Created by", task.created_by
    yield "Updated", task.updated_at
    yield "Completed", task.completed_at
    yield "Description", task.description
    yield "Requirements", task.requirements
    yield "Acceptance criteria", task.acceptance_criteria
    yield from _included(task)


def _included(task: Task) -> Iterator[Field]:
    """What came along because it was asked for."""
    yield "Comments", _each(task.comments, lambda one: (one.created_at, one.author, one.content))
    yield "Files", _each(task.files, lambda one: (one.id, one.name, f"{cell(one.size)} bytes"))
    yield "History", _each(task.history, lambda one: (one.timestamp, one.user, one.action, _change(one)))
    metrics: Any = task.metrics
    measured: Any = metrics.to_dict().items() if hasattr(metrics, "to_dict") else ()
    yield "Metrics", [f"{cell(name)}: {cell(value)}" for name, value in measured if value is not None]


def _named(summary: Any, identifier: Any) -> str | None:
    name = getattr(summary, "name", None)
    return f"{cell(name)} ({cell(identifier)})" if name else cell(identifier) or None


def _each(items: Iterable[T] | None, parts: Callable[[T], tuple[Any, ...]]) -> list[str] | None:
    """A line for each item; an item of another form than expected as it is."""
    if not isinstance(items, list):  # the server's JSON may hold anything
        return None if items is None else [cell(items)]
    lines: list[str] = []
    for item in items:
        try:
            found = [cell(part) for part in parts(item)]
        except AttributeError:
            found = [cell(item)]
        lines.append("  ".join(part for part in found if part))
    return lines


def _change(entry: Any) -> str:
    before, after = cell(entry.from_), cell(entry.to)
    return f"{before or 'none'} -> {after or 'none'}" if before or after else ""
