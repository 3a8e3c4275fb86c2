"""What a route has at hand: the server's parts, the caller, the request's identity."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Depends
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from coordinaitor_sdk.server.admission import Admission
from coordinaitor_sdk.server.auth.gate import Gate
from coordinaitor_sdk.server.auth.oauth import OAuth
from coordinaitor_sdk.server.auth.sessions import Sessions
from coordinaitor_sdk.server.auth.tokens import Tokens
from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.domain.permissions import Permission, Principal, require, require_admin
from coordinaitor_sdk.server.errors import AuthenticationError
from coordinaitor_sdk.server.etag import etag_of, is_named
from coordinaitor_sdk.server.files import FileStore
from coordinaitor_sdk.server.idempotency import HEADER, REPLAYED, Idempotency, key_of, keyed
from coordinaitor_sdk.server.scheduler import Scheduler
from coordinaitor_sdk.server.schemas.common import Paged
from coordinaitor_sdk.server.settings import Meter, Settings
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.system_log import SystemLog
from coordinaitor_sdk.server.webhooks.deliverer import Deliverer
from coordinaitor_sdk.server.wire import envelope, list_envelope, meta_json
from coordinaitor_sdk.server.worlds import World, Worlds
from coordinaitor_sdk.server.ws.hub import Hub

T = TypeVar("T")


@dataclass(slots=True)
class Parts:
    """The parts of a running server; `published` is the OpenAPI document, once somebody has asked for it."""

    settings: Settings
    worlds: Worlds
    store: Store
    gate: Gate
    sessions: Sessions
    hub: Hub
    scheduler: Scheduler
    deliverer: Deliverer
    meter: Meter
    files: FileStore
    idempotency: Idempotency
    oauth: OAuth
    tokens: Tokens
    log: SystemLog
    admission: Admission
    published: dict[str, object] | None = None


class JsonAnswer(Response):
    """An answer whose body is JSON already."""

    media_type = "application/json"


def parts_of(connection: HTTPConnection) -> Parts:
    """The parts of the server that got this request or socket."""
    parts: Parts = connection.app.state.parts
    return parts


class Call:
    """One request: its world, who calls, and how its answer is written."""

    __slots__ = ("parts", "request", "world")

    def __init__(self, request: Request, parts: Parts, world: World) -> None:
        self.request: Request = request
        self.parts: Parts = parts
        self.world: World = world

    @property
    def sql(self) -> Sql:
        """For reading, on the event loop."""
        return self.parts.store.read

    @property
    def request_id(self) -> str:
        """The id that the answer carries."""
        return str(self.request.scope["request_id"])

    def meta(self) -> str:
        """The JSON text of the answer's `meta`."""
        return meta_json(self.request_id, stamp(self.world.clock.now()))

    def add_header(self, name: str, value: str) -> None:
        """Let the answer, whatever it will be, carry a header."""
        self.request.scope["answer_headers"].append((name.lower().encode(), value.encode()))

    def answer(self, data: str, status: int = 200) -> Response:
        """An answer in the envelope around JSON text, bare under `/api/auth`; a good one to a GET carries its
        ETag, and is 304 where the caller has it already.
        """
        if self.request.url.path.startswith("/api/auth/"):
            return JsonAnswer(data.encode(), status)
        headers = None
        if status == 200 and self.request.method == "GET":
            headers = {"ETag": etag_of(data)}
            conditions = self.request.headers.getlist("If-None-Match")
            if conditions and is_named(headers["ETag"], ",".join(conditions)):
                return Response(status_code=304, headers=headers)
        return JsonAnswer(envelope(data, self.meta()), status, headers)

    def items(self, items: list[str]) -> Response:
        """A list without pages in the envelope, around the JSON texts of its items."""
        return JsonAnswer(envelope(f"[{','.join(items)}]", self.meta()))

    def page(self, items: list[str], total: int, paged: Paged) -> Response:
        """A page in the envelope, around the JSON texts of its items."""
        pages = -(-total // paged.limit)
        pagination = {
            "page": paged.page,
            "limit": paged.limit,
            "total": total,
            "pages": pages,
            "hasNext": paged.page < pages,
            "hasPrev": paged.page > 1,
        }
        links = _links(self.request.url.path, self.request.query_params, paged, pages)
        return JsonAnswer(list_envelope(items, pagination, links, self.meta()))


class UserCall(Call):
    """A request with a credential."""

    __slots__ = ("idempotency_key", "principal")

    def __init__(self, request: Request, parts: Parts, world: World, principal: Principal) -> None:
        super().__init__(request, parts, world)
        self.principal: Principal = principal
        self.idempotency_key: str | None = key_of(request)
        if self.idempotency_key is not None:
            self.add_header(HEADER, self.idempotency_key)

    @property
    def actor(self) -> str:
        """The user on whose behalf this happens."""
        return self.principal.user_id

    async def write(self, work: Callable[[Change], T]) -> T:
        """Do a change in the caller's world."""
        return await self.parts.store.write(self.world, work)

    async def respond(
        self,
        work: Callable[[Change], str],
        status: int = 200,
        *,
        content: bytes | None = None,
        shown: Callable[[str], str] = str,
    ) -> Response:
        """Do a change in the caller's world, once for each idempotency key, and answer with the JSON text
        that it returns.

        Parameters:
            content: what stands for the body when requests are compared; None for the body itself.
            shown: what is answered, made of what is stored.
        """
        if self.idempotency_key is None:
            return self.answer(shown(await self.write(work)), status)
        content = await self.request.body() if content is None else content
        request = keyed(self.request, self.principal, self.idempotency_key, content)
        answered = await self.parts.idempotency.once(self.world, request, work, status)
        if answered.replayed:
            self.add_header(REPLAYED, "true")
        return self.answer(shown(answered.data), answered.status)


def _identified(request: Request) -> Principal | None:
    """Who calls, as it was found when the request was admitted.

    Raises:
        AuthenticationError: the credential doesn't hold.
    """
    found: Principal | AuthenticationError | None = request.scope["caller"]
    if isinstance(found, AuthenticationError):
        raise found
    return found


async def _open_call(request: Request) -> Call:
    """A request that needs no credential: of the caller's world if one holds, else of the default world."""
    parts = parts_of(request)
    try:
        principal = _identified(request)
        world = parts.worlds.default if principal is None else parts.gate.world_of(principal)
    except AuthenticationError:
        world = parts.worlds.default
    return Call(request, parts, world)


OpenCall = Annotated[Call, Depends(_open_call)]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route: anybody with a credential, with this permission, as an admin."""

    permission: Permission | None
    admin: bool = False

    def check(self, principal: Principal) -> None:
        """Pass when the caller may.

        Raises:
            AuthorizationError: it may not.
        """
        if self.permission is not None:
            require(principal, self.permission)
        if self.admin:
            require_admin(principal)


ACCESS: dict[object, Access] = {}
"""The access that each dependency made by `caller` checks: what the OpenAPI document tells."""


def caller(
    permission: Permission | None, *, admin: bool = False
) -> Callable[[Request], Coroutine[Any, Any, UserCall]]:
    """A dependency: the request of a caller who has the permission (None: any credential will do).

    Raises (when called):
        AuthenticationError: no credential, or one that doesn't hold.
        AuthorizationError: the permission is missing, or the caller is no admin.
    """
    access = Access(permission, admin)

    async def authenticated(request: Request) -> UserCall:
        parts = parts_of(request)
        principal = _identified(request)
        if principal is None:
            raise AuthenticationError("A credential is needed: Authorization: Bearer <token> or X-API-Key")
        access.check(principal)
        return UserCall(request, parts, parts.gate.world_of(principal), principal)

    ACCESS[authenticated] = access
    return authenticated


SignedIn = Annotated[UserCall, Depends(caller(None))]
ReadTasks = Annotated[UserCall, Depends(caller("tasks:read"))]
WriteTasks = Annotated[UserCall, Depends(caller("tasks:write"))]
ReadAgents = Annotated[UserCall, Depends(caller("agents:read"))]
WriteAgents = Annotated[UserCall, Depends(caller("agents:write"))]
ReadProjects = Annotated[UserCall, Depends(caller("projects:read"))]
WriteProjects = Annotated[UserCall, Depends(caller("projects:write"))]
ReadUsers = Annotated[UserCall, Depends(caller("users:read"))]
WriteUsers = Annotated[UserCall, Depends(caller("users:write"))]
AdminReadUsers = Annotated[UserCall, Depends(caller("users:read", admin=True))]
ReadSystem = Annotated[UserCall, Depends(caller("system:read"))]
AdminReadSystem = Annotated[UserCall, Depends(caller("system:read", admin=True))]
WriteWebhooks = Annotated[UserCall, Depends(caller("webhooks:write"))]
WriteKeys = Annotated[UserCall, Depends(caller("keys:write"))]


def _links(path: str, query: QueryParams, paged: Paged, pages: int) -> Mapping[str, str | None]:
    kept = [(name, value) for name, value in query.multi_items() if name not in ("page", "limit")]

    def to(page: int) -> str:
        return f"{path}?{urlencode([*kept, ('page', page), ('limit', paged.limit)])}"

    last = max(1, pages)
    return {
        "first": to(1),
        "last": to(last),
        "next": to(paged.page + 1) if paged.page < pages else None,
        "prev": to(min(paged.page - 1, last)) if paged.page > 1 else None,
    }
