"""`/projects` (API document, "Project Endpoints")."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.changes.projects import create_project as create
from coordinaitor_sdk.server.context import ReadProjects, WriteProjects
from coordinaitor_sdk.server.errors import NotFoundError
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.agents import NoQuery
from coordinaitor_sdk.server.schemas.projects import ProjectCreate, ProjectListQuery
from coordinaitor_sdk.server.schemas.reading import read_body, read_query
from coordinaitor_sdk.server.store import projects
from coordinaitor_sdk.server.wire import dumps

router = APIRouter(prefix="/projects")


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
    return await call.respond(lambda change: dumps(create(change, call.actor, body.given())), 201)


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
