# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""`with_raw_response`: every method once more, returning the whole answer beside what it was read as."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from .._core.raw import Capture, RawResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..models.common import Page
    from .pager import Pager
    from .resources.agents import Agents
    from .resources.auth import Auth
    from .resources.projects import Projects
    from .resources.system import System
    from .resources.tasks import Tasks
    from .resources.users import Users
    from .resources.webhooks import Webhooks

P = ParamSpec("P")
T = TypeVar("T")


def raw(method: Callable[P, T]) -> Callable[P, RawResponse[T]]:
    """A method that returns the whole answer beside the value."""

    @wraps(method)
    def captured(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        capture = Capture()
        # The one option that methods take and don't declare.
        value = cast("Any", method)(*args, **kwargs, capture=capture)
        return capture.with_value(value)

    return captured


def raw_page(method: Callable[P, Pager[T]]) -> Callable[P, RawResponse[Page[T]]]:
    """A method that returns the first page, and the whole answer beside it."""

    @wraps(method)
    def captured(*args: P.args, **kwargs: P.kwargs) -> RawResponse[Page[T]]:
        capture = Capture()
        pager: Pager[T] = cast("Any", method)(*args, **kwargs, capture=capture)
        return capture.with_value(pager.first_page())

    return captured


class RawTasks:
    """`client.tasks`, with raw answers."""

    def __init__(self, tasks: Tasks) -> None:
        self.list: Final = raw_page(tasks.list)
        self.get: Final = raw(tasks.get)
        self.create: Final = raw(tasks.create)
        self.update: Final = raw(tasks.update)
        self.replace: Final = raw(tasks.replace)
        self.delete: Final = raw(tasks.delete)
        self.assign: Final = raw(tasks.assign)
        self.add_comment: Final = raw(tasks.add_comment)
        self.upload_file: Final = raw(tasks.upload_file)


class RawAgents:
    """`client.agents`, with raw answers."""

    def __init__(self, agents: Agents) -> None:
        self.list: Final = raw_page(agents.list)
        self.get: Final = raw(agents.get)
        self.create: Final = raw(agents.create)
        self.update: Final = raw(agents.update)
        self.enable: Final = raw(agents.enable)
        self.disable: Final = raw(agents.disable)
        self.tasks: Final = raw_page(agents.tasks)
        self.metrics: Final = raw(agents.metrics)


class RawProjects:
    """`client.projects`, with raw answers."""

    def __init__(self, projects: Projects) -> None:
        self.list: Final = raw_page(projects.list)
        self.get: Final = raw(projects.get)
        self.create: Final = raw(projects.create)
        self.update: Final = raw(projects.update)
        self.delete: Final = raw(projects.delete)
        self.tasks: Final = raw_page(projects.tasks)
        self.add_member: Final = raw(projects.add_member)
        self.remove_member: Final = raw(projects.remove_member)


class RawUsers:
    """`client.users`, with raw answers."""

    def __init__(self, users: Users) -> None:
        self.list: Final = raw_page(users.list)
        self.me: Final = raw(users.me)
        self.update_me: Final = raw(users.update_me)
        self.upload_avatar: Final = raw(users.upload_avatar)
        self.notifications: Final = raw_page(users.notifications)
        self.mark_notification_read: Final = raw(users.mark_notification_read)


class RawSystem:
    """`client.system`, with raw answers."""

    def __init__(self, system: System) -> None:
        self.health: Final = raw(system.health)
        self.metrics: Final = raw(system.metrics)
        self.logs: Final = raw(system.logs)
        self.status: Final = raw(system.status)


class RawAuth:
    """`client.auth`, with raw answers."""

    def __init__(self, auth: Auth) -> None:
        self.login: Final = raw(auth.login)
        self.refresh: Final = raw(auth.refresh)
        self.logout: Final = raw(auth.logout)
        self.create_api_key: Final = raw(auth.create_api_key)
        self.exchange_code: Final = raw(auth.exchange_code)


class RawWebhooks:
    """`client.webhooks`, with raw answers."""

    def __init__(self, webhooks: Webhooks) -> None:
        self.create: Final = raw(webhooks.create)
