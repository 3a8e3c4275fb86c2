"""Users on the wire (API document, "User Endpoints")."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from coordinaitor_sdk.server.domain.permissions import Role
from coordinaitor_sdk.server.schemas.common import (
    PARTIAL,
    FreeMap,
    Line,
    Paged,
    QueryText,
    Strict,
)

_EMAIL = re.compile(
    r"[^@\s\x00-\x1f\x7f-\x9f]{1,64}@[^@\s\x00-\x1f\x7f-\x9f.]+(\.[^@\s\x00-\x1f\x7f-\x9f.]+)+"
)


def checked_email(value: str) -> str:
    """The e-mail, if it can be one.

    Raises:
        ValueError: it can't.
    """
    if not _EMAIL.fullmatch(value):
        raise ValueError("must be an e-mail address, like jane@example.com")
    return value


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=254),
    AfterValidator(checked_email),
    WithJsonSchema({"type": "string", "format": "email"}),
]


class UserUpdate(Strict):
    """The body of `PUT /users/me`: the given fields are changed, `preferences` replaced whole."""

    model_config = PARTIAL

    name: Line = ""
    email: Email = ""
    preferences: FreeMap = Field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """The given fields."""
        return self.model_dump(include=self.model_fields_set)


class AvatarFields(Strict):
    """What `POST /users/me/avatar` takes beside the picture: nothing."""


class UserListQuery(Paged):
    """The query of `GET /users`."""

    role: Role | None = None
    search: QueryText | None = None


class NotificationListQuery(Paged):
    """The query of `GET /users/me/notifications`."""

    unread: bool | None = None
