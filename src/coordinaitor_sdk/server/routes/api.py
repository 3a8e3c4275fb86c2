"""The API's routes, resource by resource, without the prefix under which they are served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi.routing import APIRoute

from coordinaitor_sdk.server.routes import agents, auth, projects, system, tasks, users, webhooks

ROUTERS: Final = (
    auth.router,
    tasks.router,
    agents.router,
    projects.router,
    users.router,
    system.router,
    webhooks.router,
)


def api_routes() -> Iterator[APIRoute]:
    """Each route; its path is `/tasks/{task_id}`."""
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield route
