"""The application: routes, error answers and the life of its parts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from copy import copy
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Scope

from coordinaitor_sdk.server.admission import Admission
from coordinaitor_sdk.server.attribution import Attribution
from coordinaitor_sdk.server.auth.gate import Gate
from coordinaitor_sdk.server.auth.oauth import OAuth
from coordinaitor_sdk.server.auth.sessions import Sessions
from coordinaitor_sdk.server.auth.tokens import Tokens
from coordinaitor_sdk.server.changes import leftovers
from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.context import JsonAnswer, Parts
from coordinaitor_sdk.server.control import Control
from coordinaitor_sdk.server.domain.permissions import Principal
from coordinaitor_sdk.server.errors import ApiError, UnavailableError
from coordinaitor_sdk.server.events import Event
from coordinaitor_sdk.server.files import Area, FileStore
from coordinaitor_sdk.server.idempotency import Idempotency
from coordinaitor_sdk.server.lookout import Lookout
from coordinaitor_sdk.server.middleware.faults import FaultsMiddleware
from coordinaitor_sdk.server.middleware.journal import JournalMiddleware
from coordinaitor_sdk.server.middleware.lingering import LingeringMiddleware
from coordinaitor_sdk.server.middleware.requests import RequestsMiddleware
from coordinaitor_sdk.server.noting import Noting
from coordinaitor_sdk.server.operations import operation_of
from coordinaitor_sdk.server.routes import avatars, control, docs, realtime
from coordinaitor_sdk.server.routes import oauth as oauth_routes
from coordinaitor_sdk.server.routes.api import ROUTERS, api_routes
from coordinaitor_sdk.server.routes.control.snapshots import is_import
from coordinaitor_sdk.server.scheduler import Scheduler
from coordinaitor_sdk.server.seeds.start import Started
from coordinaitor_sdk.server.settings import API_PREFIXES, Meter, Settings
from coordinaitor_sdk.server.simulator import HANDLERS as AGENTS
from coordinaitor_sdk.server.simulator import rests
from coordinaitor_sdk.server.store import files, users
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.system_log import SystemLog
from coordinaitor_sdk.server.webhooks.deliverer import HANDLERS as WEBHOOKS
from coordinaitor_sdk.server.webhooks.deliverer import Deliverer
from coordinaitor_sdk.server.webhooks.sending import Sender
from coordinaitor_sdk.server.wire import error_envelope, meta_json
from coordinaitor_sdk.server.worlds import Worlds
from coordinaitor_sdk.server.ws.hub import Hub


def create_app(engine: Engine, started: Started, settings: Settings) -> FastAPI:
    """The server's application on an opened database.

    Its lifespan starts the writer and the scheduler, and at the end commits what waits and closes the
    database.
    """
    parts = _assemble(engine, started, settings)
    lookout = Lookout(parts.store.read, parts.hub.lags, lambda world, seq: _catch_up(parts, world, seq))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        for world in parts.worlds.all():
            parts.files.settle(world.id, world.epoch)
        parts.files.sweep(_is_known(parts.store.read))
        parts.store.start()
        parts.log.start()
        parts.hub.start()
        parts.scheduler.start()
        parts.deliverer.start()
        lookout.start()
        yield
        await lookout.stop()
        await parts.deliverer.stop()
        await parts.scheduler.stop()
        await parts.hub.stop()
        await parts.log.stop()
        await parts.store.close()

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan)
    app.state.parts = parts
    for prefix in API_PREFIXES:
        _add_routes(app, prefix, *ROUTERS)
    _add_routes(app, "", docs.router, oauth_routes.router, avatars.router)
    app.router.routes.append(realtime.route)
    if settings.control:
        found = app.state.control = Control(parts)
        app.include_router(control.router)
        attribution = Attribution(parts.store.read, parts.gate, parts.tokens, parts.worlds)
        watched: dict[str, Any] = {"journal": found.journal, "attribution": attribution}
        app.add_middleware(FaultsMiddleware, faults=found.faults, **watched)
        _answer_errors(app, parts)
        app.add_middleware(JournalMiddleware, **watched)
    else:
        _answer_errors(app, parts)
    app.add_middleware(LingeringMiddleware)
    return app


def _add_routes(app: FastAPI, prefix: str, *routers: APIRouter) -> None:
    """Serve the routes of these routers, which have no others in them, under a prefix.

    Included routers would be gone through one by one at each request, and would have their routes made anew.
    """
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                route = copy(route)
                route.path = prefix + route.path
                route.path_regex, route.path_format, route.param_convertors = compile_path(route.path)
            app.router.routes.append(route)


def _assemble(engine: Engine, started: Started, settings: Settings) -> Parts:
    worlds = Worlds(started.worlds)

    # The store tells hub, scheduler and deliverer, which all need the store: they are looked up when it does.
    def on_events(events: list[Event]) -> None:
        hub.publish(events)

    def on_due(world_id: str) -> None:
        scheduler.wake(world_id)

    def on_deliveries(world_id: str) -> None:
        deliverer.wake(world_id)

    store = Store(engine, on_events, on_due, on_deliveries)
    tokens = Tokens(started.token_secret, settings.access_token_ttl)
    gate = Gate(store.read, worlds, tokens)
    hub = Hub(store.read, worlds, settings.heartbeat)
    kept = FileStore(Path(engine.url.database or ""))
    work = {**leftovers.handlers(kept), **WEBHOOKS, **AGENTS}
    scheduler = Scheduler(store, worlds, work, rests)
    deliverer = Deliverer(
        store, worlds, Sender(private_too=settings.private_webhooks), settings.webhook_delays
    )
    log = SystemLog(store, worlds)
    sessions = Sessions(
        store, worlds, tokens, gate, log, on_end=hub.end_session, rotate=settings.rotate_refresh
    )
    oauth = OAuth(store, worlds, sessions, settings.oauth_clients)
    keys = Idempotency(store, settings.idempotency_wait)
    return Parts(
        settings,
        worlds,
        store,
        gate,
        sessions,
        hub,
        scheduler,
        deliverer,
        Meter(),
        kept,
        keys,
        oauth,
        tokens,
        log,
        Admission(gate, worlds, settings),
    )


def _catch_up(parts: Parts, world_id: str, seq: int) -> None:
    """Go on with what another process wrote."""
    parts.hub.catch_up(world_id, seq)
    parts.scheduler.wake(world_id)
    parts.deliverer.wake(world_id)


def _is_known(sql: Sql) -> Callable[[Area, str, str], bool]:
    """Tells the files that belong to a task or a user."""
    finders = {"tasks": files.is_known, "avatars": users.has_avatar}
    return lambda area, world, name: finders[area](sql, world, name)


def _large_bodies(*, control: bool) -> Callable[[Scope], bool]:
    """Tells the requests whose route bounds the body itself."""
    is_upload = _uploads()
    return lambda scope: is_upload(scope) or (control and is_import(scope))


def _uploads() -> Callable[[Scope], bool]:
    """Tells the requests to routes that take a file."""
    paths = [
        compile_path(prefix + route.path)[0]
        for prefix in API_PREFIXES
        for route in api_routes()
        if operation_of(route.endpoint).upload is not None
    ]
    return lambda scope: scope["method"] == "POST" and any(path.match(scope["path"]) for path in paths)


def _methods() -> Callable[[str], list[str]]:
    """Tells the methods that a path of the API has."""
    routes = [
        (compile_path(prefix + route.path)[0], route.methods or ())
        for prefix in API_PREFIXES
        for route in api_routes()
    ]
    return lambda path: sorted(
        {method for pattern, methods in routes if pattern.match(path) for method in methods}
    )


def _answer_errors(app: FastAPI, parts: Parts) -> None:
    def body_of(scope: Scope, error: ApiError) -> bytes:
        caller = scope.get("caller")
        world = parts.worlds.get(caller.world) if isinstance(caller, Principal) else None
        now = (world or parts.worlds.default).clock.now()
        meta = meta_json(scope["request_id"], stamp(now))
        return error_envelope(error.code, error.message, error.details, meta, error.retry_after)

    def answering(scope: Scope, error: ApiError) -> tuple[int, bytes]:
        return error.status, body_of(scope, error)

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, ApiError):
            raise error
        if isinstance(error, UnavailableError):
            parts.log.note(parts.worlds.default, "error", "database", error.message)
        return JsonAnswer(body_of(request.scope, error), error.status, error.headers)

    methods = _methods()

    async def unrouted(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if error.status_code == 405 and (allowed := methods(request.url.path)):
            # The router knows the methods of the first route that fits the path, not of all.
            error.headers = {"Allow": ", ".join(allowed)}
        return JsonAnswer(
            body_of(request.scope, _as_api_error(request, error)), error.status_code, error.headers
        )

    app.add_exception_handler(ApiError, refused)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_middleware(
        RequestsMiddleware,
        largest_body=parts.settings.largest_body,
        is_upload=_large_bodies(control=parts.settings.control),
        admit=parts.admission.admit,
        note=Noting(parts.meter, parts.log, parts.worlds).note,
        answering=answering,
    )


def _as_api_error(request: Request, error: HTTPException) -> ApiError:
    """What the router refused: an unknown path, a method that a path doesn't have."""
    path = request.url.path
    if error.status_code == 404:
        message, code = f"There is nothing at {path}", "NOT_FOUND"
    elif error.status_code == 405:
        message, code = f"{request.method} is not possible at {path}", "VALIDATION_ERROR"
    else:
        message, code = str(error.detail), "VALIDATION_ERROR"
    answer = ApiError(message)
    answer.code = code
    return answer
