"""`with_raw_response`: every method once more, returning the whole answer beside what it was read as."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from .._core.raw import Capture, RawResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..models.common import Page
    from .pager import AsyncPager
    from .resources.agents import AsyncAgents
    from .resources.auth import AsyncAuth
    from .resources.projects import AsyncProjects
    from .resources.system import AsyncSystem
    from .resources.tasks import AsyncTasks
    from .resources.users import AsyncUsers
    from .resources.webhooks import AsyncWebhooks

P = ParamSpec("P")
T = TypeVar("T")


def raw(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[RawResponse[T]]]:
    """A method that returns the whole answer beside the value."""

    @wraps(method)
    async def captured(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        capture = Capture()
        # The one option that methods take and don't declare.
        value = await cast("Any", method)(*args, **kwargs, capture=capture)
        return capture.with_value(value)

    return captured


def raw_page(method: Callable[P, AsyncPager[T]]) -> Callable[P, Awaitable[RawResponse[Page[T]]]]:
    """A method that returns the first page, and the whole answer beside it."""

    @wraps(method)
    async def captured(*args: P.args, **kwargs: P.kwargs) -> RawResponse[Page[T]]:
        capture = Capture()
        pager: AsyncPager[T] = cast("Any", method)(*args, **kwargs, capture=capture)
        return capture.with_value(await pager.first_page())

    return captured


class AsyncRawTasks:
    """`client.tasks`, with raw answers."""

    def __init__(self, tasks: AsyncTasks) -> None:
        self.list: Final = raw_page(tasks.list)
        self.get: Final = raw(tasks.get)
        self.create: Final = raw(tasks.create)
        self.update: Final = raw(tasks.update)
        self.replace: Final = raw(tasks.replace)
        self.delete: Final = raw(tasks.delete)
        self.assign: Final = raw(tasks.assign)
        self.add_comment: Final = raw(tasks.add_comment)
        self.upload_file: Final = raw(tasks.upload_file)


class AsyncRawAgents:
    """`client.agents`, with raw answers."""

    def __init__(self, agents: AsyncAgents) -> None:
        self.list: Final = raw_page(agents.list)
        self.get: Final = raw(agents.get)
        self.create: Final = raw(agents.create)
        self.update: Final = raw(agents.update)
        self.enable: Final = raw(agents.enable)
        self.disable: Final = raw(agents.disable)
        self.tasks: Final = raw_page(agents.tasks)
        self.metrics: Final = raw(agents.metrics)


class AsyncRawProjects:
    """`client.projects`, with raw answers."""

    def __init__(self, projects: AsyncProjects) -> None:
        self.list: Final = raw_page(projects.list)
        self.get: Final = raw(projects.get)
        self.create: Final = raw(projects.create)
        self.update: Final = raw(projects.update)
        self.delete: Final = raw(projects.delete)
        self.tasks: Final = raw_page(projects.tasks)
        self.add_member: Final = raw(projects.add_member)
        self.remove_member: Final = raw(projects.remove_member)


class AsyncRawUsers:
    """`client.users`, with raw answers."""

    def __init__(self, users: AsyncUsers) -> None:
        self.list: Final = raw_page(users.list)
        self.me: Final = raw(users.me)
        self.update_me: Final = raw(users.update_me)
        self.upload_avatar: Final = raw(users.upload_avatar)
        self.notifications: Final = raw_page(users.notifications)
        self.mark_notification_read: Final = raw(users.mark_notification_read)


class AsyncRawSystem:
    """`client.system`, with raw answers."""

    def __init__(self, system: AsyncSystem) -> None:
        self.health: Final = raw(system.health)
        self.metrics: Final = raw(system.metrics)
        self.logs: Final = raw(system.logs)
        self.status: Final = raw(system.status)


class AsyncRawAuth:
    """`client.auth`, with raw answers."""

    def __init__(self, auth: AsyncAuth) -> None:
        self.login: Final = raw(auth.login)
        self.refresh: Final = raw(auth.refresh)
        self.logout: Final = raw(auth.logout)
        self.create_api_key: Final = raw(auth.create_api_key)
        self.exchange_code: Final = raw(auth.exchange_code)


class AsyncRawWebhooks:
    """`client.webhooks`, with raw answers."""

    def __init__(self, webhooks: AsyncWebhooks) -> None:
        self.create: Final = raw(webhooks.create)
