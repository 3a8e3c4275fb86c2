"""Every error a user can catch.

    CoordinaitorError
    ├── ConfigurationError            settings, credentials or files that cannot be used
    ├── InvalidArgumentError          refused before anything was sent (also a ValueError)
    │   └── WebhookPayloadError       a webhook's delivery that cannot be read
    ├── ConnectionFailedError         no answer: refused, reset, name not found, TLS
    ├── TimeoutExceededError          one attempt took longer than `timeout`
    │   ├── DeadlineExceededError     the whole call took longer than `deadline`
    │   ├── PoolTimeoutError          no free connection in the pool
    │   └── PacingTimeoutError        the rate limit leaves no room within `pacing_timeout`
    ├── ResponseDecodeError           an answer that cannot be read (HTML, cut, not JSON)
    ├── APIError                      the server refused; `.status` tells how
    │   ├── BadRequestError           400
    │   ├── AuthenticationError       401
    │   ├── AuthorizationError        403
    │   ├── NotFoundError             404
    │   ├── ConflictError             409
    │   ├── ValidationFailedError     422
    │   ├── RateLimitError            429
    │   └── ServerError               5xx
    │       └── ServiceUnavailableError   503
    ├── WebhookSignatureError         a webhook's delivery was not signed with the secret
    │   └── WebhookTimestampError     it was, but it is too old, or does not tell its time
    └── WatchError                    a watch or wait ended otherwise than completed
        ├── TaskFailedError
        ├── TaskCancelledError
        ├── TaskDeletedError
        ├── ProjectDeletedError
        └── WatchTimeoutError         (also a TimeoutError)

All of them pickle, and none carries a credential.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .models.project import Project
    from .models.task import Task


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a call, as kept on the error that ended it.

    Attributes:
        number: 1 for the first.
        status: the HTTP status, or None when no answer came.
        error: what went wrong, in a few words.
        elapsed: seconds that the try took.
        waited: seconds slept before it.
    """

    number: int
    status: int | None
    error: str
    elapsed: float
    waited: float = 0.0


class CoordinaitorError(Exception):
    """The root of all errors of this library.

    Attributes:
        message: one sentence, with what to do next.
        method: HTTP method of the call, where there was one.
        url: its URL, without credentials.
        attempts: the tries that were made, oldest first.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str | None = None,
        url: str | None = None,
        attempts: Sequence[Attempt] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        self.url = url
        self.attempts: tuple[Attempt, ...] = tuple(attempts)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception.__reduce__ calls cls(*args), which keyword-only parameters break.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[CoordinaitorError], args: tuple[Any, ...], state: dict[str, Any]) -> CoordinaitorError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(CoordinaitorError):
    """Settings, credentials or their files can't be used as they are."""


class InvalidArgumentError(CoordinaitorError, ValueError):
    """An argument was refused before anything was sent."""


class WebhookPayloadError(InvalidArgumentError):
    """What came as a webhook's delivery can't be read as one."""


class ConnectionFailedError(CoordinaitorError):
    """The server could not be reached, or the connection broke before an answer was complete."""


class TimeoutExceededError(CoordinaitorError, TimeoutError):
    """One attempt took longer than `timeout`, and no attempt was left."""


class DeadlineExceededError(TimeoutExceededError):
    """The whole call, its waits included, took longer than `deadline`."""


class PoolTimeoutError(TimeoutExceededError):
    """No connection of the pool became free in time."""


class PacingTimeoutError(TimeoutExceededError):
    """The call's turn would come later than `pacing_timeout` allows; nothing was sent.

    Attributes:
        wait: seconds until then.
    """

    def __init__(
        self,
        message: str,
        *,
        wait: float = 0.0,
        method: str | None = None,
        url: str | None = None,
        attempts: Sequence[Attempt] = (),
    ) -> None:
        super().__init__(message, method=method, url=url, attempts=attempts)
        self.wait = wait


class ResponseDecodeError(CoordinaitorError):
    """An answer came, but it can't be read as the API's JSON.

    Attributes:
        status: its HTTP status.
        content_type: its `Content-Type`.
        excerpt: the start of its text, at most 200 characters.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        content_type: str | None = None,
        excerpt: str = "",
        method: str | None = None,
        url: str | None = None,
        attempts: Sequence[Attempt] = (),
    ) -> None:
        super().__init__(message, method=method, url=url, attempts=attempts)
        self.status = status
        self.content_type = content_type
        self.excerpt = excerpt


class APIError(CoordinaitorError):
    """The server answered with an error (API document, "Error Handling").

    Attributes:
        status: HTTP status.
        code: the API's code such as `VALIDATION_ERROR`, or None.
        details: field name -> messages, as the server sent it; `{}` if it sent none.
        request_id: the server's id of this request, for its operators.
        retry_after: seconds that the server asks to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        method: str | None = None,
        url: str | None = None,
        attempts: Sequence[Attempt] = (),
    ) -> None:
        super().__init__(message, method=method, url=url, attempts=attempts)
        self.status = status
        self.code = code
        self.details: dict[str, Any] = dict(details or {})
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        text = f"{self.message} (HTTP {self.status}"
        if self.code:
            text += f", {self.code}"
        if self.request_id:
            text += f", request {self.request_id}"
        text += ")"
        for field, messages in self.details.items():
            shown = "; ".join(str(one) for one in messages) if isinstance(messages, list) else str(messages)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - the server's JSON
            text += f"\n  {field}: {shown}"
        return text


class BadRequestError(APIError):
    """400: the request's form or its query is wrong."""


class AuthenticationError(APIError):
    """401: no credential, or one that is wrong, expired or revoked."""


class AuthorizationError(APIError):
    """403: the credential does not allow this."""


class NotFoundError(APIError):
    """404: there is no such thing, or it belongs to another organization."""


class ConflictError(APIError):
    """409: the thing's state does not allow this."""


class ValidationFailedError(APIError):
    """422: fields were rejected; `.details` names them."""


class RateLimitError(APIError):
    """429: too many requests; `.retry_after` tells how long to wait."""


class ServerError(APIError):
    """5xx: the server failed."""


class ServiceUnavailableError(ServerError):
    """503: the server can't answer for the time being."""


class WebhookSignatureError(CoordinaitorError):
    """A webhook's delivery has no signature, or one that was not made with the secret."""


class WebhookTimestampError(WebhookSignatureError):
    """A webhook's delivery is older than the age limit, from the future, or does not tell its time."""


class WatchError(CoordinaitorError):
    """A watch or wait ended otherwise than with a completed task, or a project that has ended.

    Attributes:
        task_id: the task concerned; empty where it is about none.
        task: its last known state, or None.
        project_id: the project concerned, or None.
        project: its last known state, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        task_id: str = "",
        task: Task | None = None,
        project_id: str | None = None,
        project: Project | None = None,
    ) -> None:
        super().__init__(message)
        self.task_id = task_id
        self.task = task
        self.project_id = project_id
        self.project = project


class TaskFailedError(WatchError):
    """The task ended as failed; `.task.error` says why, where the server tells."""


class TaskCancelledError(WatchError):
    """The task was cancelled."""


class TaskDeletedError(WatchError):
    """The task was deleted, or never existed."""


class ProjectDeletedError(WatchError):
    """The project was deleted, or never existed."""


class WatchTimeoutError(WatchError, TimeoutError):
    """The task or project had not ended within the given time; it goes on on the server."""


_BY_STATUS: Final[Mapping[int, type[APIError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: AuthorizationError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationFailedError,
    429: RateLimitError,
    503: ServiceUnavailableError,
}


def error_class(status: int) -> type[APIError]:
    """The class of error for an HTTP status."""
    return _BY_STATUS.get(status, ServerError if status >= 500 else APIError)
