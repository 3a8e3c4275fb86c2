"""Changes of users."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row

from coordinaitor_sdk.server.changes.leftovers import drop_avatar
from coordinaitor_sdk.server.errors import ConflictError, NotFoundError
from coordinaitor_sdk.server.events import emit
from coordinaitor_sdk.server.files import FileStore
from coordinaitor_sdk.server.schemas.users import AvatarFields
from coordinaitor_sdk.server.store import users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.uploads import Upload
from coordinaitor_sdk.server.wire import dumps

NOT_FETCHED: Final = ""
"""For the address of avatars in an event: a new user has none yet."""


def register_user(
    change: Change, *, email: str, name: str, role: str, tier: str, password_hash: str | None
) -> Row[Any]:
    """Store a new user, and tell of it.

    Raises:
        ConflictError: the e-mail is in use on this server.
    """
    _check_free(change, email)
    user_id = change.new_id("user")
    row: dict[str, str | None] = {"id": user_id, "email": email, "name": name, "role": role, "tier": tier}
    row |= {"password_hash": password_hash, "created_at": change.stamp, "last_login_at": None}
    users.add(change, row)
    user = require_user(change, user_id)
    emit(
        change,
        "user.registered",
        channel="users",
        subject=user_id,
        keys={"userId": user_id, "role": role},
        data=dumps(users.wire(change.sql, user, NOT_FETCHED)),
    )
    return user


def update_user(change: Change, user_id: str, given: dict[str, Any]) -> Row[Any]:
    """Change the given fields of a user; the user.

    Raises:
        ConflictError: another user has the e-mail.
    """
    values = dict(given)
    if "email" in values:
        values["email"] = values["email"].casefold()
        if values["email"] != require_user(change, user_id).email:
            _check_free(change, values["email"])
    if "preferences" in values:
        values["preferences"] = dumps(values["preferences"])
    if values:
        users.save(change, user_id, values)
    return require_user(change, user_id)


def set_avatar(
    change: Change, kept: FileStore, user_id: str, kind: str, upload: Upload[AvatarFields]
) -> Row[Any]:
    """Give a user another picture; the one before goes after the commit."""
    before = require_user(change, user_id).avatar
    name = f"{user_id}-{upload.sha256[:32]}.{kind}"
    kept.keep(upload.path, "avatars", change.world.id, name)
    users.save(change, user_id, {"avatar": name})
    if before not in (None, name):
        drop_avatar(change, before)
    return require_user(change, user_id)


def require_user(change: Change, user_id: str) -> Row[Any]:
    """The user of that id.

    Raises:
        NotFoundError: there is none.
    """
    row = users.load(change.sql, change.world.id, user_id)
    if row is None:
        raise NotFoundError(f"User {user_id} does not exist")
    return row


def _check_free(change: Change, email: str) -> None:
    if users.by_email(change.sql, email) is not None:
        raise ConflictError(f"The e-mail {email} is in use")
