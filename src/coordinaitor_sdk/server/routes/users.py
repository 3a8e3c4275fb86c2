"""`/users` (API document, "User Endpoints")."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.changes import notifications as notification_changes
from coordinaitor_sdk.server.changes import users as changes
from coordinaitor_sdk.server.context import AdminReadUsers, Call, ReadUsers, SignedIn, WriteUsers
from coordinaitor_sdk.server.domain.pictures import HEAD, MEDIA_TYPES, kind_of
from coordinaitor_sdk.server.errors import AuthenticationError, ValidationFailedError
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.agents import NoQuery
from coordinaitor_sdk.server.schemas.reading import read_body, read_query
from coordinaitor_sdk.server.schemas.users import (
    AvatarFields,
    NotificationListQuery,
    UserListQuery,
    UserUpdate,
)
from coordinaitor_sdk.server.store import notifications, users
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.uploads import Upload, receive_upload
from coordinaitor_sdk.server.wire import dumps

router: APIRouter = APIRouter(prefix="/users")


@router.get("")
@operation("User", form="page", query=UserListQuery)
async def list_users(call: AdminReadUsers, request: Request) -> Response:
    """A page of the organization's users."""
    query = read_query(request, UserListQuery)
    rows, total = users.page_of(
        call.sql,
        call.world.id,
        role=query.role,
        text=query.search,
        limit=query.limit,
        offset=query.offset,
    )
    return call.page([_json(call, call.sql, row) for row in rows], total, query)


@router.get("/me")
@operation("User", query=NoQuery)
async def get_me(call: SignedIn, request: Request) -> Response:
    """The user who calls, or the API key's owner."""
    read_query(request, NoQuery)
    row = users.load(call.sql, call.world.id, call.actor)
    if row is None:
        raise AuthenticationError("The credential's user is gone")
    return call.answer(_json(call, call.sql, row))


@router.put("/me")
@operation("User", body=UserUpdate, failures=(409,))
async def update_me(call: WriteUsers, request: Request) -> Response:
    """Change the fields given of one's own profile; those left out stay."""
    body = await read_body(request, UserUpdate)
    row = await call.write(lambda change: changes.update_user(change, call.actor, body.given()))
    return call.answer(_json(call, call.sql, row))


@router.post("/me/avatar")
@operation(
    "User",
    upload={"avatar": "A picture: PNG, JPEG, GIF or WebP."},
    media_types=tuple(MEDIA_TYPES.values()),
    failures=(413,),
)
async def upload_avatar(call: WriteUsers, request: Request) -> Response:
    """Give oneself a picture, as a multipart form; the user."""
    kept = call.parts.files
    async with receive_upload(
        request,
        fields=AvatarFields,
        largest=call.parts.settings.largest_avatar,
        files=("avatar", "file"),
    ) as upload:
        kind = _kind_of(upload)
        return await call.respond(
            lambda change: _json(
                call, change.sql, changes.set_avatar(change, kept, call.actor, kind, upload)
            ),
            content=upload.content(),
        )


@router.get("/me/notifications")
@operation("Notification", form="page", query=NotificationListQuery)
async def list_notifications(call: ReadUsers, request: Request) -> Response:
    """A page of what the user was told, newest first."""
    query = read_query(request, NotificationListQuery)
    rows, total = notifications.page_of(
        call.sql, call.world.id, call.actor, unread=query.unread, limit=query.limit, offset=query.offset
    )
    return call.page([dumps(notifications.wire(row)) for row in rows], total, query)


@router.put("/me/notifications/{notification_id}/read")
@operation("Notification", failures=(404,))
async def mark_notification_read(call: WriteUsers, notification_id: str) -> Response:
    """Mark a notification as read; doing it twice changes nothing."""
    told = await call.write(
        lambda change: notification_changes.mark_read(change, call.actor, notification_id)
    )
    return call.answer(dumps(told))


def _json(call: Call, sql: Sql, row: Row[Any]) -> str:
    return dumps(users.wire(sql, row, f"{call.request.base_url}avatars"))


def _kind_of(upload: Upload[AvatarFields]) -> str:
    with upload.path.open("rb") as file:
        kind = kind_of(file.read(HEAD))
    if kind is None:
        raise ValidationFailedError({"avatar": ["Avatar must be a PNG, JPEG, GIF or WebP picture"]})
    return kind
