"""`/projects` (API document, "Project Endpoints")."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.changes import projects as changes
from coordinaitor_sdk.server.context import ReadProjects, ReadTasks, WriteProjects
from coordinaitor_sdk.server.errors import NotFoundError
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.agents import NoQuery
from coordinaitor_sdk.server.schemas.projects import Member, ProjectCreate, ProjectListQuery, ProjectUpdate
from coordinaitor_sdk.server.schemas.reading import read_body, read_query
from coordinaitor_sdk.server.schemas.tasks import ProjectTasksQuery
from coordinaitor_sdk.server.store import projects
from coordinaitor_sdk.server.store.task_list import page_of
from coordinaitor_sdk.server.wire import dumps, task_json

router: APIRouter = APIRouter(prefix="/projects")


@router.get("")
@operation("Project", form="page", query=ProjectListQuery)
async def list_projects(call: ReadProjects, request: Request) -> Response:
    """A page of the projects that pass every filter given, newest first."""
    query = read_query(request, ProjectListQuery)
    found, total = projects.page_of(
        call.sql,
        call.world.id,
        status=query.status,
        text=query.search,
        member_id=query.member_id,
        limit=query.limit,
        offset=query.offset,
    )
    return call.page([dumps(project) for project in found], total, query)


@router.post("")
@operation("Project", status=201, body=ProjectCreate)
async def create_project(call: WriteProjects, request: Request) -> Response:
    """Create a project; 201."""
    body = await read_body(request, ProjectCreate)
    return await call.respond(
        lambda change: dumps(changes.create_project(change, call.actor, body.given())), 201
    )


@router.get("/{project_id}")
@operation("Project", query=NoQuery, failures=(404,))
async def get_project(call: ReadProjects, request: Request, project_id: str) -> Response:
    """A project."""
    read_query(request, NoQuery)
    with call.sql.snapshot():
        row = projects.load(call.sql, call.world.id, project_id)
        if row is None:
            raise NotFoundError(f"Project {project_id} does not exist")
        project = projects.wire(call.sql, call.world.id, row)
    return call.answer(dumps(project))


@router.put("/{project_id}")
@operation("Project", body=ProjectUpdate, failures=(404,))
async def update_project(call: WriteProjects, request: Request, project_id: str) -> Response:
    """Change the fields given; those left out stay, lists are replaced whole."""
    body = await read_body(request, ProjectUpdate)
    project = await call.write(
        lambda change: changes.update_project(change, call.actor, project_id, body.given())
    )
    return call.answer(dumps(project))


@router.delete("/{project_id}")
@operation(None, status=204, query=NoQuery, failures=(404,))
async def delete_project(call: WriteProjects, request: Request, project_id: str) -> Response:
    """Delete a project; its tasks stay. 204."""
    read_query(request, NoQuery)
    await call.write(lambda change: changes.delete_project(change, call.actor, project_id))
    return Response(status_code=204)


@router.get("/{project_id}/tasks")
@operation("Task", form="page", query=ProjectTasksQuery, failures=(404,))
async def list_project_tasks(call: ReadTasks, request: Request, project_id: str) -> Response:
    """A page of the project's tasks that pass every filter given."""
    query = read_query(request, ProjectTasksQuery)
    if projects.load(call.sql, call.world.id, project_id) is None:
        raise NotFoundError(f"Project {project_id} does not exist")
    wanted = query.of_project(project_id)
    found, total = page_of(call.sql, call.world.id, wanted, limit=query.limit, offset=query.offset)
    return call.page([task_json(task) for task in found], total, query)


@router.post("/{project_id}/members")
@operation("MemberOut", status=201, body=Member, failures=(404, 409))
async def add_member(call: WriteProjects, request: Request, project_id: str) -> Response:
    """Add a user to the project's team; 201."""
    body = await read_body(request, Member)
    member = body.model_dump(by_alias=True)
    return await call.respond(
        lambda change: dumps(changes.add_member(change, call.actor, project_id, member)), 201
    )


@router.delete("/{project_id}/members/{user_id}")
@operation(None, status=204, query=NoQuery, failures=(404,))
async def remove_member(call: WriteProjects, request: Request, project_id: str, user_id: str) -> Response:
    """Remove a user from the project's team; 204."""
    read_query(request, NoQuery)
    await call.write(lambda change: changes.remove_member(change, project_id, user_id))
    return Response(status_code=204)
