"""`/tasks` (API document, "Task Endpoints")."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.changes import files as file_changes
from coordinaitor_sdk.server.changes import tasks as changes
from coordinaitor_sdk.server.context import ReadTasks, UserCall, WriteTasks
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.errors import NotFoundError
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.reading import read_body, read_query
from coordinaitor_sdk.server.schemas.tasks import (
    CommentCreate,
    FileFields,
    TaskAssign,
    TaskCreate,
    TaskDeleteQuery,
    TaskGetQuery,
    TaskListQuery,
    TaskUpdate,
)
from coordinaitor_sdk.server.store import files, tasks
from coordinaitor_sdk.server.store.task_list import page_of
from coordinaitor_sdk.server.uploads import receive_upload
from coordinaitor_sdk.server.wire import dumps, members, plain, task_json

router: APIRouter = APIRouter(prefix="/tasks")


@router.get("")
@operation("Task", form="page", query=TaskListQuery)
async def list_tasks(call: ReadTasks, request: Request) -> Response:
    """A page of the tasks that pass every filter given."""
    query = read_query(request, TaskListQuery)
    found, total = page_of(call.sql, call.world.id, query.filter(), limit=query.limit, offset=query.offset)
    return call.page([task_json(task) for task in found], total, query)


@router.post("")
@operation("Task", status=201, body=TaskCreate)
async def create_task(call: WriteTasks, request: Request) -> Response:
    """Create a task; 201."""
    body = await read_body(request, TaskCreate)
    return await call.respond(
        lambda change: task_json(changes.create_task(change, call.actor, body.columns())), 201
    )


@router.get("/{task_id}")
@operation("TaskDetail", query=TaskGetQuery, failures=(404,))
async def get_task(call: ReadTasks, request: Request, task_id: str) -> Response:
    """A task, with the related data asked for."""
    query = read_query(request, TaskGetQuery)
    with call.sql.snapshot():
        task = tasks.load(call.sql, call.world.id, task_id)
        if task is None:
            raise NotFoundError(f"Task {task_id} does not exist")
        extra: dict[str, Any] = {name: _related(call, task, name) for name in query.include}
    return call.answer(task_json(task, members(extra)))


@router.put("/{task_id}")
@router.patch("/{task_id}")
@operation("Task", body=TaskUpdate, failures=(404, 409))
async def update_task(call: WriteTasks, request: Request, task_id: str) -> Response:
    """Change the fields given; those left out stay, in PUT too."""
    body = await read_body(request, TaskUpdate)
    task = await call.write(lambda change: changes.update_task(change, call.actor, task_id, body.columns()))
    return call.answer(task_json(task))


@router.delete("/{task_id}")
@operation(None, status=204, query=TaskDeleteQuery, failures=(404,))
async def delete_task(call: WriteTasks, request: Request, task_id: str) -> Response:
    """Delete a task; 204."""
    query = read_query(request, TaskDeleteQuery)
    await call.write(lambda change: changes.delete_task(change, call.actor, task_id, query.reason))
    return Response(status_code=204)


@router.post("/{task_id}/assign")
@operation("Task", body=TaskAssign, failures=(404, 409))
async def assign_task(call: WriteTasks, request: Request, task_id: str) -> Response:
    """Give a task to an agent, with another priority or due date if given."""
    body = await read_body(request, TaskAssign)
    return await call.respond(
        lambda change: task_json(changes.update_task(change, call.actor, task_id, body.columns()))
    )


@router.post("/{task_id}/comments")
@operation("Comment", status=201, body=CommentCreate, failures=(404,))
async def add_comment(call: WriteTasks, request: Request, task_id: str) -> Response:
    """Add a comment; 201."""
    body = await read_body(request, CommentCreate)
    return await call.respond(
        lambda change: dumps(changes.add_comment(change, call.actor, task_id, body.content, body.mentions)),
        201,
    )


@router.post("/{task_id}/files")
@operation(
    "File",
    status=201,
    upload={"file": "The file."},
    fields=FileFields,
    failures=(404, 413),
)
async def add_file(call: WriteTasks, request: Request, task_id: str) -> Response:
    """Add a file, given as a multipart form; 201."""
    parts = call.parts
    async with receive_upload(request, fields=FileFields, largest=parts.settings.largest_upload) as upload:
        return await call.respond(
            lambda change: dumps(file_changes.add_file(change, parts.files, call.actor, task_id, upload)),
            201,
            content=upload.content(),
        )


def _related(call: UserCall, task: TaskRow, name: str) -> Any:
    match name:
        case "comments":
            return tasks.comments_of(call.sql, call.world.id, task.id)
        case "files":
            return files.of_task(call.sql, call.world.id, task.id)
        case "history":
            return tasks.history_of(call.sql, call.world.id, task.id)
        case _:
            # Quality and change requests have no source here: null, never invented.
            return {
                "timeSpent": plain(task.actual_hours),
                "completionRate": plain(task.progress),
                "qualityScore": None,
                "changeRequests": None,
            }
