# Generated from ../../_async by scripts/unasync.py: edit there, then run `make sync`.
"""`client.tasks` (API document, "Task Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

from ..._core.request import (
    NOT_GIVEN,
    Call,
    NotGiven,
    check_numbers,
    check_required,
    check_text,
    fields_from,
    json_body,
    path_segment,
    query_string,
    write_dates,
)
from ..._core.response import NOTHING, one, page
from ..._core.watch import CHECK_INTERVAL
from ..._core.watch_all import Criteria
from ..._watch.state import Transport, WatchOptions
from ...models.task import Comment, Task, TaskFile
from ..pager import Pager, paged
from ..raw import RawTasks
from ..uploads import Form
from .watched import check_ids, check_watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ..._core.options import CallOptions, PostOptions
    from ..._core.upload import Progress
    from ..._runtime.threads_files import FileInput
    from ..._watch.blocking import TaskWatch, Watcher
    from ...models.task import Priority, SortOrder, TaskInclude, TaskSort, TaskStatus
    from ..caller import Caller

_TASK: Final = one(Task, "task")
_TASKS: Final = page(Task, "tasks")
_COMMENT: Final = one(Comment, "comment")
_FILE: Final = one(TaskFile, "file")
_FIELDS: Final = frozenset(
    {
        "title",
        "description",
        "status",
        "priority",
        "project_id",
        "agent_id",
        "tags",
        "estimated_hours",
        "actual_hours",
        "progress",
        "due_date",
        "requirements",
        "acceptance_criteria",
    }
)


class Tasks:
    """Tasks: list, get, create, change, assign, comment, attach, watch."""

    def __init__(self, caller: Caller, watcher: Watcher) -> None:
        self._caller = caller
        self._watcher = watcher

    @property
    def with_raw_response(self) -> RawTasks:
        """The same methods, returning the whole answer beside what it was read as (`RawResponse`)."""
        return RawTasks(self)

    def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        status: TaskStatus | None = None,
        priority: Priority | None = None,
        project_id: str | None = None,
        agent_id: str | None = None,
        search: str | None = None,
        tags: Sequence[str] | str | None = None,
        created_after: datetime | str | None = None,
        created_before: datetime | str | None = None,
        sort_by: TaskSort | None = None,
        sort_order: SortOrder | None = None,
        prefetch: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pager[Task]:
        """The tasks that match (`GET /tasks`), fetched page by page as they are read.

        Args:
            page: the page to begin with, from 1.
            limit: items a page, 1 to 100; without it the server's default of 20.
            prefetch: pages fetched ahead while one is read; 0 fetches each when it is needed.
            status: pending, active, completed, failed or cancelled.
            priority: low, medium or high.
            project_id: only tasks of this project.
            agent_id: only tasks assigned to this agent.
            search: words in title and description.
            tags: only tasks that have all of these.
            created_after: an aware datetime, or text such as `2024-01-15T10:30:00Z`.
            created_before: likewise.
            sort_by: createdAt, updatedAt, priority or dueDate.
            sort_order: asc or desc.

        Raises:
            InvalidArgumentError: a date or number can't be meant.
        """
        params = {
            "status": status,
            "priority": priority,
            "project_id": project_id,
            "agent_id": agent_id,
            "search": search,
            "tags": tags,
            "created_after": created_after,
            "created_before": created_before,
            "sort_by": sort_by,
            "sort_order": sort_order,
        }
        write_dates(params, "created_after", "created_before")

        return paged(
            self._caller,
            "/tasks",
            _TASKS,
            page=page,
            limit=limit,
            params=params,
            prefetch=prefetch,
            options=options,
        )

    def get(
        self,
        task_id: str,
        *,
        include: Sequence[TaskInclude] | TaskInclude | None = None,
        **options: Unpack[CallOptions],
    ) -> Task:
        """One task (`GET /tasks/{taskId}`).

        Args:
            task_id: its id.
            include: what comes along: comments, files, history, metrics.

        Raises:
            NotFoundError: there is none of this id.
        """
        return self._caller.call(
            Call("GET", _path(task_id), _TASK, query=query_string({"include": include})), options
        )

    def create(
        self,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        title: str | NotGiven = NOT_GIVEN,
        description: str | NotGiven | None = NOT_GIVEN,
        priority: Priority | NotGiven = NOT_GIVEN,
        project_id: str | NotGiven | None = NOT_GIVEN,
        agent_id: str | NotGiven | None = NOT_GIVEN,
        tags: Sequence[str] | NotGiven = NOT_GIVEN,
        estimated_hours: float | NotGiven | None = NOT_GIVEN,
        due_date: datetime | str | NotGiven | None = NOT_GIVEN,
        requirements: Sequence[str] | NotGiven = NOT_GIVEN,
        acceptance_criteria: Sequence[str] | NotGiven = NOT_GIVEN,
        **options: Unpack[PostOptions],
    ) -> Task:
        """Create a task (`POST /tasks`).

        Args:
            fields: the fields as one mapping in either spelling, instead of keywords.
            title: needed; not empty.
            description: free text.
            priority: low, medium or high.
            project_id: the project that it belongs to.
            agent_id: the agent that shall do it.
            tags: short words.
            estimated_hours: hours, 0 or more.
            due_date: an aware datetime, or text such as `2024-02-20T00:00:00Z`.
            requirements: what is wanted, one sentence each.
            acceptance_criteria: how it will be judged, one sentence each.

        Raises:
            InvalidArgumentError: the title is missing, a number or date can't be meant.
            ValidationFailedError: the server rejects a field.
        """
        given = fields_from(
            fields,
            {
                "title": title,
                "description": description,
                "priority": priority,
                "project_id": project_id,
                "agent_id": agent_id,
                "tags": tags,
                "estimated_hours": estimated_hours,
                "due_date": due_date,
                "requirements": requirements,
                "acceptance_criteria": acceptance_criteria,
            },
            known=_FIELDS,
        )
        check_required(given, "title")
        return self._caller.call(Call("POST", "/tasks", _TASK, body=_body(given)), options)

    def update(
        self,
        task_id: str,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        title: str | NotGiven = NOT_GIVEN,
        description: str | NotGiven | None = NOT_GIVEN,
        status: TaskStatus | NotGiven = NOT_GIVEN,
        priority: Priority | NotGiven = NOT_GIVEN,
        project_id: str | NotGiven | None = NOT_GIVEN,
        agent_id: str | NotGiven | None = NOT_GIVEN,
        tags: Sequence[str] | NotGiven = NOT_GIVEN,
        estimated_hours: float | NotGiven | None = NOT_GIVEN,
        actual_hours: float | NotGiven = NOT_GIVEN,
        progress: float | NotGiven = NOT_GIVEN,
        due_date: datetime | str | NotGiven | None = NOT_GIVEN,
        requirements: Sequence[str] | NotGiven = NOT_GIVEN,
        acceptance_criteria: Sequence[str] | NotGiven = NOT_GIVEN,
        **options: Unpack[CallOptions],
    ) -> Task:
        """Change the given fields of a task (`PATCH /tasks/{taskId}`); None empties one.

        Args:
            task_id: its id.
            fields: the fields as one mapping in either spelling, instead of keywords.
            title: not empty.
            description: free text.
            status: pending, active, completed, failed or cancelled; the last three are final.
            priority: low, medium or high.
            project_id: the project that it belongs to.
            agent_id: the agent that shall do it.
            tags: short words, instead of those that it has.
            estimated_hours: hours, 0 or more.
            actual_hours: hours, 0 or more.
            progress: from 0.0 to 1.0.
            due_date: an aware datetime, or text such as `2024-02-20T00:00:00Z`.
            requirements: instead of those that it has.
            acceptance_criteria: instead of those that it has.

        Raises:
            InvalidArgumentError: a field can't be meant.
            ConflictError: the task's state does not allow it.
            ValidationFailedError: the server rejects a field.
        """
        given = fields_from(
            fields,
            {
                "title": title,
                "description": description,
                "status": status,
                "priority": priority,
                "project_id": project_id,
                "agent_id": agent_id,
                "tags": tags,
                "estimated_hours": estimated_hours,
                "actual_hours": actual_hours,
                "progress": progress,
                "due_date": due_date,
                "requirements": requirements,
                "acceptance_criteria": acceptance_criteria,
            },
            known=_FIELDS,
        )
        return self._caller.call(Call("PATCH", _path(task_id), _TASK, body=_body(given)), options)

    def replace(
        self,
        task_id: str,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        title: str | NotGiven = NOT_GIVEN,
        description: str | NotGiven | None = NOT_GIVEN,
        status: TaskStatus | NotGiven = NOT_GIVEN,
        priority: Priority | NotGiven = NOT_GIVEN,
        project_id: str | NotGiven | None = NOT_GIVEN,
        agent_id: str | NotGiven | None = NOT_GIVEN,
        tags: Sequence[str] | NotGiven = NOT_GIVEN,
        estimated_hours: float | NotGiven | None = NOT_GIVEN,
        actual_hours: float | NotGiven = NOT_GIVEN,
        progress: float | NotGiven = NOT_GIVEN,
        due_date: datetime | str | NotGiven | None = NOT_GIVEN,
        requirements: Sequence[str] | NotGiven = NOT_GIVEN,
        acceptance_criteria: Sequence[str] | NotGiven = NOT_GIVEN,
        **options: Unpack[CallOptions],
    ) -> Task:
        """Set the given fields of a task (`PUT /tasks/{taskId}`): others stay, as with `update`.

        Args:
            task_id: its id.
            fields: the fields as one mapping in either spelling, instead of keywords.
            title: not empty.
            description: free text.
            status: pending, active, completed, failed or cancelled; the last three are final.
            priority: low, medium or high.
            project_id: the project that it belongs to.
            agent_id: the agent that shall do it.
            tags: short words, instead of those that it has.
            estimated_hours: hours, 0 or more.
            actual_hours: hours, 0 or more.
            progress: from 0.0 to 1.0.
            due_date: an aware datetime, or text such as `2024-02-20T00:00:00Z`.
            requirements: instead of those that it has.
            acceptance_criteria: instead of those that it has.

        Raises:
            InvalidArgumentError: a field can't be meant.
            ConflictError: the task's state does not allow it.
            ValidationFailedError: the server rejects a field.
        """
        given = fields_from(
            fields,
            {
                "title": title,
                "description": description,
                "status": status,
                "priority": priority,
                "project_id": project_id,
                "agent_id": agent_id,
                "tags": tags,
                "estimated_hours": estimated_hours,
                "actual_hours": actual_hours,
                "progress": progress,
                "due_date": due_date,
                "requirements": requirements,
                "acceptance_criteria": acceptance_criteria,
            },
            known=_FIELDS,
        )
        return self._caller.call(Call("PUT", _path(task_id), _TASK, body=_body(given)), options)

    def delete(self, task_id: str, *, reason: str | None = None, **options: Unpack[CallOptions]) -> None:
        """Delete a task (`DELETE /tasks/{taskId}`).

        Args:
            task_id: its id.
            reason: why, for the record.

        Raises:
            NotFoundError: there is none of this id.
        """
        self._caller.call(
            Call("DELETE", _path(task_id), NOTHING, query=query_string({"reason": reason})), options
        )

    def assign(
        self,
        task_id: str,
        agent_id: str,
        *,
        priority: Priority | NotGiven = NOT_GIVEN,
        due_date: datetime | str | NotGiven | None = NOT_GIVEN,
        **options: Unpack[PostOptions],
    ) -> Task:
        """Assign a task to an agent (`POST /tasks/{taskId}/assign`).

        Args:
            task_id: the task's id.
            agent_id: the agent's id.
            priority: low, medium or high; left out, it stays.
            due_date: an aware datetime, or text such as `2024-02-20T00:00:00Z`; left out, it stays.

        Raises:
            ConflictError: the task has ended.
            ValidationFailedError: there is no such agent.
        """
        given: dict[str, Any] = {"agent_id": agent_id, "priority": priority, "due_date": due_date}
        check_required(given, "agent_id")
        return self._caller.call(Call("POST", f"{_path(task_id)}/assign", _TASK, body=_body(given)), options)

    def add_comment(
        self,
        task_id: str,
        content: str,
        *,
        mentions: Sequence[str] | NotGiven = NOT_GIVEN,
        **options: Unpack[PostOptions],
    ) -> Comment:
        """Comment on a task (`POST /tasks/{taskId}/comments`).

        Args:
            task_id: the task's id.
            content: the text; not empty.
            mentions: ids of users to tell about it.

        Raises:
            InvalidArgumentError: the text is empty.
            NotFoundError: there is no such task.
        """
        given: dict[str, Any] = {"content": content, "mentions": mentions}
        check_required(given, "content")
        return self._caller.call(
            Call("POST", f"{_path(task_id)}/comments", _COMMENT, body=json_body(given)), options
        )

    def upload_file(
        self,
        task_id: str,
        file: FileInput,
        *,
        filename: str | None = None,
        description: str | NotGiven = NOT_GIVEN,
        content_type: str | None = None,
        progress: Progress | None = None,
        **options: Unpack[PostOptions],
    ) -> TaskFile:
        """Attach a file to a task (`POST /tasks/{taskId}/files`), sent as it is read.

        The time that a file takes depends on its size, so there is no deadline; `timeout` bounds each of its
        steps. A pipe or an iterator can be read once: it is not sent a second time, once it was begun.

        Args:
            task_id: the task's id.
            file: a path, the bytes, a file opened in binary mode, read from where it stands, or an iterator
                of bytes; `Coordinaitor` also takes async iterators and async files. A file is sent with
                the size that it has at the call: what is appended meanwhile stays out.
            filename: its name; bytes and iterators need one, a file has its own.
            description: what it shows.
            content_type: its media type; without it, by its name.
            progress: called with the bytes of the file sent so far and their total, None where that isn't
                known: with 0 at the beginning, and again at that of each retry, then after each chunk.
                What it raises ends the upload.

        Raises:
            InvalidArgumentError: the file can't be read, has no name, or became shorter while it was sent.
            NotFoundError: there is no such task.
            APIError: 413, it is larger than the server takes.
        """
        path = f"{_path(task_id)}/files"
        form = Form(
            file,
            field="file",
            filename=filename,
            content_type=content_type,
            progress=progress,
            description=description,
        )
        with form as upload:
            return self._caller.call(Call("POST", path, _FILE, body=upload), options)

    def watch(
        self,
        task_id: str,
        *,
        check_interval: float = CHECK_INTERVAL,
        conflate: bool = True,
        resume: str | None = None,
        transport: Transport = "auto",
    ) -> TaskWatch:
        """Watch a task: its present state first, then every step, until it has ended.

        Args:
            task_id: its id.
            check_interval: seconds after which it is looked at by REST, whatever the WebSocket says.
            conflate: whether progress that was not read in time gives way to newer; False keeps up to 1000
                updates.
            resume: the `token` of an earlier watch, also of another process: what that was told isn't told
                again.
            transport: `auto` polls by REST where there is no WebSocket, until there is; `websocket` ends with
                a `WatchError` then; `poll` never connects.

        Returns:
            Updates to iterate over (`TaskUpdate`): `update["type"]`, `update["progress"]`, `update["error"]`,
            `update.task`. A task that has ended yields its end at once; one that is gone, `deleted`.

        Raises:
            InvalidArgumentError: the id is empty, the interval can't be meant, or the token is none.
        """
        return self.watch_many(
            [task_id], check_interval=check_interval, conflate=conflate, resume=resume, transport=transport
        )

    def watch_many(
        self,
        task_ids: Sequence[str],
        *,
        check_interval: float = CHECK_INTERVAL,
        conflate: bool = True,
        resume: str | None = None,
        transport: Transport = "auto",
    ) -> TaskWatch:
        """Watch several tasks in one iteration, which ends when the last of them has.

        Args:
            task_ids: their ids.
            check_interval: seconds after which each is looked at by REST, whatever the WebSocket says.
            conflate: whether progress that was not read in time gives way to newer of the same task.
            resume: the `token` of an earlier watch; tasks that it doesn't know begin anew.
            transport: as for `watch`.

        Raises:
            InvalidArgumentError: an id is empty, the interval can't be meant, or the token is none.
        """
        check_ids("task", task_ids)
        check_watch(check_interval, transport)
        options = WatchOptions(check_interval, conflate=conflate, resume=resume, transport=transport)
        return self._watcher.watch(task_ids, options)

    def watch_all(
        self,
        *,
        project_id: str | None = None,
        agent_id: str | None = None,
        status: TaskStatus | None = None,
        priority: Priority | None = None,
        check_interval: float = CHECK_INTERVAL,
        conflate: bool = True,
        resume: str | None = None,
        transport: Transport = "auto",
    ) -> TaskWatch:
        """Watch every task that matches, also those created later; it ends only by `close()`.

        A task that had ended before is told only if `status` asks for it. One that no longer matches is told
        once more, with what took it away.

        Args:
            project_id: only tasks of this project.
            agent_id: only tasks assigned to this agent.
            status: pending, active, completed, failed or cancelled.
            priority: low, medium or high.
            check_interval: seconds after which the list is looked through, whatever the WebSocket says.
            conflate: whether progress that was not read in time gives way to newer of the same task.
            resume: the `token` of an earlier watch of the same tasks; what happened since is told.
            transport: as for `watch`.

        Raises:
            InvalidArgumentError: the interval can't be meant, or the token is none.
        """
        check_watch(check_interval, transport)
        fields = {"project_id": project_id, "agent_id": agent_id, "status": status, "priority": priority}
        options = WatchOptions(
            check_interval,
            conflate=conflate,
            resume=resume,
            transport=transport,
            criteria=Criteria(fields=fields),
        )
        return self._watcher.watch((), options)

    def as_completed(self, task_ids: Sequence[str], *, check_interval: float = CHECK_INTERVAL) -> TaskWatch:
        """The ends of several tasks, each as it comes; `update.result()` is the task, or raises.

        Args:
            task_ids: their ids.
            check_interval: seconds after which each is looked at by REST, whatever the WebSocket says.

        Raises:
            InvalidArgumentError: an id is empty, or the interval can't be meant.
        """
        check_ids("task", task_ids)
        check_watch(check_interval)
        return self._watcher.watch(task_ids, WatchOptions(check_interval, ends_only=True))

    def wait(self, task_id: str, *, timeout: float | None = None) -> Task:
        """Wait until a task has ended.

        Args:
            task_id: its id.
            timeout: seconds to wait; None waits without end.

        Returns:
            The completed task.

        Raises:
            TaskFailedError: it failed.
            TaskCancelledError: it was cancelled.
            TaskDeletedError: it was deleted, or never existed.
            WatchTimeoutError: it had not ended in time.
        """
        check_numbers({"timeout": timeout}, "timeout")
        return self.watch(task_id).result(timeout=timeout)


def _path(task_id: str) -> str:
    return f"/tasks/{path_segment(task_id, 'task_id')}"


def _body(given: dict[str, Any]) -> bytes:
    check_text(given, "title")
    check_numbers(given, "estimated_hours", "actual_hours")
    check_numbers(given, "progress", most=1.0)
    write_dates(given, "due_date")
    return json_body(given, known=_FIELDS)
