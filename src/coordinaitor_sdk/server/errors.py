"""Every failure that an answer can carry (API document, "Error Handling").

ApiError
 ├── BadRequestError 400       malformed JSON or query
 ├── AuthenticationError 401
 ├── AuthorizationError 403
 ├── NotFoundError 404
 ├── ConflictError 409
 │    └── InProgressError      a request with the same idempotency key
 ├── TooLargeError 413
 ├── RateLimitError 429
 ├── ValidationFailedError 422  wrong fields
 └── UnavailableError 503
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

Details = Mapping[str, str | Sequence[str]]
"""The messages of each field; a plain text where it is no field that is wrong (`reason`)."""


class ApiError(Exception):
    """A failure with the status, code, message and further headers that the answer gives."""

    status = 500
    code = "INTERNAL_ERROR"
    headers: Mapping[str, str] = MappingProxyType({})
    retry_after: int | None = None

    def __init__(self, message: str, details: Details | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class BadRequestError(ApiError):
    """The request can't be read: malformed JSON, invalid UTF-8, wrong query parameters."""

    status = 400
    code = "VALIDATION_ERROR"


class AuthenticationError(ApiError):
    """No credential, or one that doesn't hold."""

    status = 401
    code = "AUTHENTICATION_ERROR"
    headers: Mapping[str, str] = MappingProxyType({"WWW-Authenticate": "Bearer"})


class AuthorizationError(ApiError):
    """The caller is known and may not do this."""

    status = 403
    code = "AUTHORIZATION_ERROR"


class NotFoundError(ApiError):
    """There is no such thing in the caller's organization."""

    status = 404
    code = "NOT_FOUND"


class ConflictError(ApiError):
    """The state of the resource forbids it."""

    status = 409
    code = "CONFLICT_ERROR"


class InProgressError(ConflictError):
    """Another request with the same idempotency key is under way."""

    headers: Mapping[str, str] = MappingProxyType({"Retry-After": "1"})

    def __init__(self, message: str) -> None:
        super().__init__(message, {"reason": "idempotency_in_progress"})


class TooLargeError(ApiError):
    """The body exceeds the limit; what is left of it is dropped, and the connection closed."""

    status = 413
    code = "VALIDATION_ERROR"
    headers: Mapping[str, str] = MappingProxyType({"Connection": "close"})


class ValidationFailedError(ApiError):
    """The body was read and its fields are wrong; `details` has the messages of each."""

    status = 422
    code = "VALIDATION_ERROR"

    def __init__(self, details: Details, message: str = "Validation failed") -> None:
        super().__init__(message, details)


class RateLimitError(ApiError):
    """The caller must wait for `retry_after` seconds."""

    status = 429
    code = "RATE_LIMIT_ERROR"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Rate limit exceeded: try again in {retry_after} s")
        self.retry_after: int | None = retry_after
        self.headers: Mapping[str, str] = {"Retry-After": str(retry_after)}


class UnavailableError(ApiError):
    """The store can't take the change now; nothing was changed."""

    status = 503
    code = "SERVICE_UNAVAILABLE"
