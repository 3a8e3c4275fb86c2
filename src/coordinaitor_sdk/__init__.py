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

    from ._async.client import AsyncCoordinaitor
    from ._async.client import AsyncCoordinaitor as OrchestratorClient
    from ._async.pager import AsyncPager
    from ._core.request import NOT_GIVEN, NotGiven
    from ._core.retry import Retry
    from ._core.watch import TaskUpdate
    from ._sync.client import Coordinaitor
    from ._sync.pager import Pager
    from ._watch.aio import AsyncTaskWatch
    from ._watch.blocking import TaskWatch
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
        PoolTimeoutError,
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
    )
    from .models.agent import Agent
    from .models.common import Page, Pagination
    from .models.project import Project
    from .models.system import Health
    from .models.task import Comment, Task

_WHERE = {
    "_async.client": ("AsyncCoordinaitor", "OrchestratorClient"),
    "_async.pager": ("AsyncPager",),
    "_core.request": ("NOT_GIVEN", "NotGiven"),
    "_core.retry": ("Retry",),
    "_core.watch": ("TaskUpdate",),
    "_sync.client": ("Coordinaitor",),
    "_sync.pager": ("Pager",),
    "_watch.aio": ("AsyncTaskWatch",),
    "_watch.blocking": ("TaskWatch",),
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
        "PoolTimeoutError",
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
    ),
    "models.agent": ("Agent",),
    "models.common": ("Page", "Pagination"),
    "models.project": ("Project",),
    "models.system": ("Health",),
    "models.task": ("Comment", "Task"),
}
_MODULES = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [  # noqa: RUF022 - in the order in which a reader meets them
    "Coordinaitor",
    "AsyncCoordinaitor",
    "OrchestratorClient",
    "Retry",
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
    "Comment",
    "Agent",
    "Project",
    "Health",
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
    "PoolTimeoutError",
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
    "__version__",
]


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    # The document's name for the async client (API document, "SDK Examples").
    attribute = "AsyncCoordinaitor" if name == "OrchestratorClient" else name
    value = getattr(import_module(f".{module}", __name__), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
