"""Typed client library for the CoordinAItor API.

    from coordinaitor_sdk import Coordinaitor

    with Coordinaitor() as client:
        for task in client.tasks.list(status="active"):
            print(task.id, task.title)

`AsyncCoordinaitor` is the same for asyncio. Importing this package loads nothing heavy: each name is imported
when it is first used (PEP 562).
"""

from __future__ import annotations

from ._version import __version__

# Type checkers take this name for true; `typing` would be a third of a bare interpreter's start.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from . import webhooks
    from ._async.client import AsyncCoordinaitor
    from ._async.client import AsyncCoordinaitor as OrchestratorClient
    from ._async.pager import AsyncPager
    from ._async.transport import AsyncMiddleware, AsyncSend
    from ._core.cache import Cache
    from ._core.health import HealthChange
    from ._core.http import HttpRequest, HttpResponse
    from ._core.oauth import AuthorizationRequest
    from ._core.options import CallOptions, PostOptions
    from ._core.rate_limit import RateLimit
    from ._core.raw import RawResponse
    from ._core.request import NOT_GIVEN, NotGiven
    from ._core.retry import Retry
    from ._core.tokens import Tokens
    from ._core.watch import TaskUpdate
    from ._core.watch_kinds import AgentUpdate, ProjectUpdate
    from ._sync.client import Coordinaitor
    from ._sync.pager import Pager
    from ._sync.transport import Middleware, Send
    from ._watch.aio import AsyncAgentWatch, AsyncProjectWatch, AsyncTaskWatch
    from ._watch.aio_events import AsyncEventFeed
    from ._watch.blocking import AgentWatch, ProjectWatch, TaskWatch
    from ._watch.blocking_events import EventFeed
    from .exceptions import (
        APIError,
        Attempt,
        AuthenticationError,
        AuthorizationError,
        BadRequestError,
        ConfigurationError,
        ConflictError,
        ConnectionFailedError,
        CoordinaitorError,
        DeadlineExceededError,
        InvalidArgumentError,
        NotFoundError,
        PacingTimeoutError,
        PoolTimeoutError,
        ProjectDeletedError,
        RateLimitError,
        ResponseDecodeError,
        ServerError,
        ServiceUnavailableError,
        TaskCancelledError,
        TaskDeletedError,
        TaskFailedError,
        TimeoutExceededError,
        ValidationFailedError,
        WatchError,
        WatchTimeoutError,
        WebhookPayloadError,
        WebhookSignatureError,
        WebhookTimestampError,
    )
    from .models.agent import Agent, AgentLogEntry, AgentMetrics
    from .models.auth import ApiKey, LoginResult
    from .models.common import Page, Pagination
    from .models.project import Project, TeamMember
    from .models.system import Health, LogEntry, SystemMetrics, SystemStatus
    from .models.task import Comment, Task, TaskFile
    from .models.user import Notification, User
    from .models.webhook import (
        AgentEvent,
        ProjectEvent,
        Resync,
        TaskEvent,
        UserEvent,
        Webhook,
        WebhookEvent,
    )
    from .profiles.stores.file import FileTokenStore
    from .profiles.stores.keyring import KeyringTokenStore
    from .profiles.stores.memory import MemoryTokenStore
    from .profiles.stores.protocol import TokenStore

_WHERE = {
    "_async.client": ("AsyncCoordinaitor", "OrchestratorClient"),
    "_async.pager": ("AsyncPager",),
    "_async.transport": ("AsyncMiddleware", "AsyncSend"),
    "_core.cache": ("Cache",),
    "_core.health": ("HealthChange",),
    "_core.http": ("HttpRequest", "HttpResponse"),
    "_core.oauth": ("AuthorizationRequest",),
    "_core.options": ("CallOptions", "PostOptions"),
    "_core.rate_limit": ("RateLimit",),
    "_core.raw": ("RawResponse",),
    "_core.request": ("NOT_GIVEN", "NotGiven"),
    "_core.retry": ("Retry",),
    "_core.tokens": ("Tokens",),
    "_core.watch": ("TaskUpdate",),
    "_core.watch_kinds": ("AgentUpdate", "ProjectUpdate"),
    "_sync.client": ("Coordinaitor",),
    "_sync.pager": ("Pager",),
    "_sync.transport": ("Middleware", "Send"),
    "_watch.aio": ("AsyncAgentWatch", "AsyncProjectWatch", "AsyncTaskWatch"),
    "_watch.aio_events": ("AsyncEventFeed",),
    "_watch.blocking": ("AgentWatch", "ProjectWatch", "TaskWatch"),
    "_watch.blocking_events": ("EventFeed",),
    "exceptions": (
        "APIError",
        "Attempt",
        "AuthenticationError",
        "AuthorizationError",
        "BadRequestError",
        "ConfigurationError",
        "ConflictError",
        "ConnectionFailedError",
        "CoordinaitorError",
        "DeadlineExceededError",
        "InvalidArgumentError",
        "NotFoundError",
        "PacingTimeoutError",
        "PoolTimeoutError",
        "ProjectDeletedError",
        "RateLimitError",
        "ResponseDecodeError",
        "ServerError",
        "ServiceUnavailableError",
        "TaskCancelledError",
        "TaskDeletedError",
        "TaskFailedError",
        "TimeoutExceededError",
        "ValidationFailedError",
        "WatchError",
        "WatchTimeoutError",
        "WebhookPayloadError",
        "WebhookSignatureError",
        "WebhookTimestampError",
    ),
    "models.agent": ("Agent", "AgentLogEntry", "AgentMetrics"),
    "models.auth": ("ApiKey", "LoginResult"),
    "models.common": ("Page", "Pagination"),
    "models.project": ("Project", "TeamMember"),
    "models.system": ("Health", "LogEntry", "SystemMetrics", "SystemStatus"),
    "models.task": ("Comment", "Task", "TaskFile"),
    "models.user": ("Notification", "User"),
    "models.webhook": (
        "AgentEvent",
        "ProjectEvent",
        "Resync",
        "TaskEvent",
        "UserEvent",
        "Webhook",
        "WebhookEvent",
    ),
    "profiles.stores.file": ("FileTokenStore",),
    "profiles.stores.keyring": ("KeyringTokenStore",),
    "profiles.stores.memory": ("MemoryTokenStore",),
    "profiles.stores.protocol": ("TokenStore",),
}
_MODULES = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [  # noqa: RUF022 - in the order in which a reader meets them
    "Coordinaitor",
    "AsyncCoordinaitor",
    "OrchestratorClient",
    "Retry",
    "Cache",
    "CallOptions",
    "PostOptions",
    "RawResponse",
    "RateLimit",
    "HttpRequest",
    "HttpResponse",
    "Middleware",
    "Send",
    "AsyncMiddleware",
    "AsyncSend",
    "Pager",
    "AsyncPager",
    "Page",
    "Pagination",
    "NOT_GIVEN",
    "NotGiven",
    "Task",
    "TaskUpdate",
    "TaskWatch",
    "AsyncTaskWatch",
    "EventFeed",
    "AsyncEventFeed",
    "Comment",
    "TaskFile",
    "Agent",
    "AgentUpdate",
    "AgentWatch",
    "AsyncAgentWatch",
    "AgentMetrics",
    "AgentLogEntry",
    "Project",
    "ProjectUpdate",
    "ProjectWatch",
    "AsyncProjectWatch",
    "TeamMember",
    "User",
    "Notification",
    "Health",
    "HealthChange",
    "SystemMetrics",
    "SystemStatus",
    "LogEntry",
    "LoginResult",
    "Tokens",
    "TokenStore",
    "MemoryTokenStore",
    "FileTokenStore",
    "KeyringTokenStore",
    "ApiKey",
    "AuthorizationRequest",
    "Webhook",
    "webhooks",
    "WebhookEvent",
    "TaskEvent",
    "AgentEvent",
    "ProjectEvent",
    "UserEvent",
    "Resync",
    "APIError",
    "Attempt",
    "AuthenticationError",
    "AuthorizationError",
    "BadRequestError",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "CoordinaitorError",
    "DeadlineExceededError",
    "InvalidArgumentError",
    "NotFoundError",
    "PacingTimeoutError",
    "PoolTimeoutError",
    "ProjectDeletedError",
    "RateLimitError",
    "ResponseDecodeError",
    "ServerError",
    "ServiceUnavailableError",
    "TaskCancelledError",
    "TaskDeletedError",
    "TaskFailedError",
    "TimeoutExceededError",
    "ValidationFailedError",
    "WatchError",
    "WatchTimeoutError",
    "WebhookPayloadError",
    "WebhookSignatureError",
    "WebhookTimestampError",
    "__version__",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "webhooks":
        return import_module(".webhooks", __name__)
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The document's name for the async client (API document, "SDK Examples").
    attribute = "AsyncCoordinaitor" if name == "OrchestratorClient" else name
    value = getattr(import_module(f".{module}", __name__), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
