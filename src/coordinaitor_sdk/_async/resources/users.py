"""`client.users` (API document, "User Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

from ..._core.request import NOT_GIVEN, Call, NotGiven, check_text, fields_from, json_body, path_segment
from ..._core.response import one, page
from ...models.user import Notification, User
from ..pager import AsyncPager, paged
from ..raw import AsyncRawUsers
from ..uploads import Form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._core.options import CallOptions, PostOptions
    from ..._core.upload import Progress
    from ..._runtime.aio_files import FileInput
    from ...models.user import PreferencesParam, UserRole
    from ..caller import AsyncCaller

_USER: Final = one(User, "user")
_USERS: Final = page(User, "users")
_NOTIFICATION: Final = one(Notification, "notification")
_NOTIFICATIONS: Final = page(Notification, "notifications")
_FIELDS: Final = frozenset({"name", "email", "preferences"})


class AsyncUsers:
    """Users: list, me, update_me, upload_avatar, notifications, mark_notification_read."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    @property
    def with_raw_response(self) -> AsyncRawUsers:
        """The same methods, returning the whole answer beside what it was read as (`RawResponse`)."""
        return AsyncRawUsers(self)

    def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        role: UserRole | None = None,
        search: str | None = None,
        prefetch: int = 0,
        **options: Unpack[CallOptions],
    ) -> AsyncPager[User]:
        """The users of the organization (`GET /users`), fetched page by page as they are read; for admins.

        The document gives this list no parameters: they are sent only where they are given.

        Args:
            page: the page to begin with, from 1.
            limit: items a page, 1 to 100.
            prefetch: pages fetched ahead while one is read; 0 fetches each when it is needed.
            role: only users of this role.
            search: words in name and e-mail.

        Raises:
            InvalidArgumentError: a number can't be meant.
        """
        return paged(
            self._caller,
            "/users",
            _USERS,
            page=page,
            limit=limit,
            params={"role": role, "search": search},
            prefetch=prefetch,
            options=options,
        )

    async def me(self, **options: Unpack[CallOptions]) -> User:
        """The user whose credential this is (`GET /users/me`)."""
        return await self._caller.call(Call("GET", "/users/me", _USER), options)

    async def update_me(
        self,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        name: str | NotGiven = NOT_GIVEN,
        email: str | NotGiven = NOT_GIVEN,
        preferences: PreferencesParam | Mapping[str, Any] | NotGiven = NOT_GIVEN,
        **options: Unpack[CallOptions],
    ) -> User:
        """Change one's own profile (`PUT /users/me`).

        Args:
            fields: the fields as one mapping in either spelling, instead of keywords.
            name: not empty.
            email: not empty.
            preferences: all of them, as in `{"theme": "dark", "notifications": {"email": True}}`; their keys
                are sent as they are.

        Raises:
            InvalidArgumentError: a field can't be meant.
            ConflictError: the e-mail is another user's.
            ValidationFailedError: the server rejects a field.
        """
        given = fields_from(fields, {"name": name, "email": email, "preferences": preferences}, known=_FIELDS)
        check_text(given, "name")
        check_text(given, "email")
        return await self._caller.call(
            Call("PUT", "/users/me", _USER, body=json_body(given, known=_FIELDS)), options
        )

    async def upload_avatar(
        self,
        file: FileInput,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        progress: Progress | None = None,
        **options: Unpack[PostOptions],
    ) -> User:
        """Set one's own picture (`POST /users/me/avatar`).

        Args:
            file: what `tasks.upload_file` takes.
            filename: its name, where the file has none of its own; else `avatar`.
            content_type: its media type; without it, by its name.
            progress: as with `tasks.upload_file`.

        Raises:
            InvalidArgumentError: the file can't be read, or became shorter while it was sent.
            ValidationFailedError: the server takes no such picture.
            APIError: 413, it is larger than the server takes.
        """
        form = Form(
            file,
            field="avatar",
            filename=filename,
            default_name="avatar",
            content_type=content_type,
            progress=progress,
        )
        async with form as upload:
            return await self._caller.call(Call("POST", "/users/me/avatar", _USER, body=upload), options)

    def notifications(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        unread: bool | None = None,
        prefetch: int = 0,
        **options: Unpack[CallOptions],
    ) -> AsyncPager[Notification]:
        """What the user was told, newest first (`GET /users/me/notifications`).

        Args:
            page: the page to begin with, from 1.
            limit: items a page, 1 to 100.
            prefetch: pages fetched ahead while one is read; 0 fetches each when it is needed.
            unread: True for those not yet read.

        Raises:
            InvalidArgumentError: a number can't be meant.
        """
        return paged(
            self._caller,
            "/users/me/notifications",
            _NOTIFICATIONS,
            page=page,
            limit=limit,
            params={"unread": unread},
            prefetch=prefetch,
            options=options,
        )

    async def mark_notification_read(
        self, notification_id: str, **options: Unpack[CallOptions]
    ) -> Notification:
        """Mark a notification as read (`PUT /users/me/notifications/{notificationId}/read`).

        Raises:
            NotFoundError: there is none of this id.
        """
        name = path_segment(notification_id, "notification_id")
        return await self._caller.call(
            Call("PUT", f"/users/me/notifications/{name}/read", _NOTIFICATION), options
        )
