"""From an error to what the terminal tells: one line, the fields concerned, a hint, an exit code.

error: Validation failed (HTTP 400, request req-123, profile default from config.toml)
  --priority: must be one of: low, medium, high
hint: coordinaitor tasks list --help
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from .output import tell
from .output.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from coordinaitor_sdk import CoordinaitorError
    from coordinaitor_sdk.profiles import Settings


class Exit(IntEnum):
    """The exit codes, as `docs/cli.md` lists them."""

    OK = 0
    OTHER = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_LOGGED_IN = 4
    FORBIDDEN = 5
    CONFLICT = 6
    REJECTED = 7
    TIMEOUT = 8
    RATE_LIMITED = 9
    SERVER = 10
    NETWORK = 11
    BULK_FAILED = 12
    CONFIGURATION = 13
    UNHEALTHY = 14
    TASK_FAILED = 20
    TASK_CANCELLED = 21
    TASK_DELETED = 22
    INTERRUPTED = 130
    BROKEN_PIPE = 141


MEANING: Final[dict[Exit, str]] = {
    Exit.OK: "done",
    Exit.OTHER: "another failure",
    Exit.USAGE: "the command line can't be meant, or what it would do needs `--yes`",
    Exit.NOT_FOUND: "there is no such thing",
    Exit.NOT_LOGGED_IN: "not logged in, or the server refuses the credential",
    Exit.FORBIDDEN: "the credential doesn't allow this",
    Exit.CONFLICT: "the thing's state doesn't allow this",
    Exit.REJECTED: "the input was rejected; nothing was changed",
    Exit.TIMEOUT: "no answer, or no end of a task, in time",
    Exit.RATE_LIMITED: "too many requests",
    Exit.SERVER: "the server failed, or what answers is no CoordinAItor API",
    Exit.NETWORK: "the server can't be reached",
    Exit.BULK_FAILED: "of several, one or more failed",
    Exit.CONFIGURATION: "settings, or files of the profile, can't be used",
    Exit.UNHEALTHY: "the system is not healthy",
    Exit.TASK_FAILED: "a watched task failed",
    Exit.TASK_CANCELLED: "a watched task was cancelled",
    Exit.TASK_DELETED: "a watched task was deleted",
    Exit.INTERRUPTED: "ended by Ctrl-C",
    Exit.BROKEN_PIPE: "whoever read the output has gone",
}

# By class name, the nearest ancestor first: the classes need not be imported to look here.
_BY_CLASS: Final[dict[str, Exit]] = {
    "ConfigurationError": Exit.CONFIGURATION,
    "InvalidArgumentError": Exit.REJECTED,
    "ConnectionFailedError": Exit.NETWORK,
    "TimeoutExceededError": Exit.TIMEOUT,
    "ResponseDecodeError": Exit.SERVER,
    "BadRequestError": Exit.REJECTED,
    "AuthenticationError": Exit.NOT_LOGGED_IN,
    "AuthorizationError": Exit.FORBIDDEN,
    "NotFoundError": Exit.NOT_FOUND,
    "ConflictError": Exit.CONFLICT,
    "ValidationFailedError": Exit.REJECTED,
    "RateLimitError": Exit.RATE_LIMITED,
    "ServerError": Exit.SERVER,
    "TaskFailedError": Exit.TASK_FAILED,
    "TaskCancelledError": Exit.TASK_CANCELLED,
    "TaskDeletedError": Exit.TASK_DELETED,
    "ProjectDeletedError": Exit.NOT_FOUND,
    "WatchTimeoutError": Exit.TIMEOUT,
    "WebhookSignatureError": Exit.REJECTED,
}
_ORIGINS: Final = {"argument": "from --profile", "default": "by default"}
_REJECTING_STATUSES: Final = frozenset({405, 413, 414, 415})


class CommandError(Exception):
    """What ends a command: told in a line, with its own exit code, and a hint where there is one."""

    def __init__(self, message: str, hint: str | None = None, *, code: Exit = Exit.OTHER) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


class UsageError(CommandError):
    """The command line can't be meant; the message names the option."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint, code=Exit.USAGE)


@dataclass(frozen=True, slots=True)
class Situation:
    """What an error happened in.

    Attributes:
        flags: the command's parameters -> the flags that the user typed for them.
        settings: those of the client, where there was one.
        profile: the profile that holds, and where its name came from; None where none plays a part.
        as_json: whether the error is told as a JSON object.
        debug: whether its traceback is shown.
    """

    flags: Mapping[str, str] = field(default_factory=dict[str, str])
    settings: Settings | None = None
    profile: tuple[str, str] | None = None
    as_json: bool = False
    debug: bool = False


@dataclass(slots=True)
class Told:
    """What is told about an error.

    Attributes:
        facts: that stand in brackets behind the message.
        details: field, or the flag that it was given with -> what is wrong with it.
    """

    message: str
    facts: list[str] = field(default_factory=list[str])
    details: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    hint: str | None = None

    @property
    def line(self) -> str:
        """The message with its facts."""
        return f"{self.message} ({', '.join(self.facts)})" if self.facts else self.message

    def lines(self) -> Iterator[str]:
        """For reading."""
        yield f"error: {one_line(self.line)}"
        for name, said in self.details:
            yield f"  {one_line(name)}: {one_line(said)}"
        if self.hint:
            yield f"hint: {one_line(self.hint)}"


def report(error: Exception, situation: Situation | None = None) -> int:
    """Tell about an error on standard error; returns the exit code."""
    situation = situation or Situation()
    if situation.debug or os.environ.get("COORDINAITOR_DEBUG"):
        import traceback

        traceback.print_exception(error)
    code = exit_code(error)
    if _is_usage(error) and str(getattr(error, "format_message", str)()).startswith("Usage:"):
        tell(getattr(error, "format_message", str)())  # asked for nothing: the help is the answer
    elif situation.as_json:
        from .failures import as_json

        tell(as_json(error, told(error, situation), code, situation))
    else:
        for line in told(error, situation).lines():
            tell(line)
    return code


def exit_code(error: Exception) -> int:
    """The exit code that an error ends the process with."""
    if isinstance(error, CommandError):
        return error.code
    if _is_usage(error):
        return Exit.USAGE
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _BY_CLASS:
            return _BY_CLASS[ancestor.__name__]
    status = getattr(error, "status", None)
    return Exit.REJECTED if status in _REJECTING_STATUSES else Exit.OTHER


def _is_usage(error: Exception) -> bool:
    # Typer's usage errors have no public base class; these two attributes are their interface.
    return hasattr(error, "format_message") and getattr(error, "exit_code", None) == Exit.USAGE


def told(error: Exception, situation: Situation) -> Told:
    """An error in words."""
    said = _in_words(error, situation)
    said.facts += _facts(error, situation)
    return said


def _in_words(error: Exception, situation: Situation) -> Told:
    if _is_usage(error):
        context = getattr(error, "ctx", None)
        return Told(
            _usage_message(error), hint=f"{context.command_path} --help" if context is not None else None
        )
    if isinstance(error, CommandError):
        return Told(str(error), hint=error.hint)
    if _is_library(error):
        from .hints import hint_for, message_of

        details = list(_details(getattr(error, "details", {}), situation.flags))
        return Told(message_of(error, situation), [], details, hint_for(error, situation))
    if isinstance(error, OSError):
        return Told(str(error))
    shown = situation.debug or os.environ.get("COORDINAITOR_DEBUG")
    hint = None if shown else "this is a fault of the program; --debug or COORDINAITOR_DEBUG=1 shows where"
    return Told(f"{one_line(str(error)) or 'unforeseen'} ({type(error).__name__})", hint=hint)


def _facts(error: Exception, situation: Situation) -> Iterator[str]:
    """What the server said beside its words, and the profile with where its name came from."""
    if getattr(error, "status", None):
        yield f"HTTP {getattr(error, 'status', None)}"
    if getattr(error, "request_id", None):
        yield f"request {getattr(error, 'request_id', None)}"
    of_machine = isinstance(error, OSError) and not _is_library(error)
    if situation.profile is not None and exit_code(error) != Exit.USAGE and not of_machine:
        name, source = situation.profile
        yield f"profile {name} {_ORIGINS.get(source, f'from {source}')}"


def _is_library(error: Exception) -> TypeGuard[CoordinaitorError]:
    module = sys.modules.get("coordinaitor_sdk.exceptions")
    return module is not None and isinstance(error, module.CoordinaitorError)


def _usage_message(error: Any) -> str:
    message: str = error.format_message()
    return message


def _details(details: Mapping[str, Any], flags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The server's words about each field, under the flag that the user gave it with."""
    for name, said in details.items():
        messages: list[Any] = said if isinstance(said, list) else [said]  # pyright: ignore[reportUnknownVariableType] - the server's JSON
        for message in messages:
            text = str(message)
            if text.casefold().startswith(f"{name.casefold()} "):
                text = text[len(name) + 1 :]
            yield _flag(name, flags), text


def _flag(wire_name: str, flags: Mapping[str, str]) -> str:
    field_name = wire_name.split(".", 1)[0]
    snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in field_name)
    return flags.get(snake, wire_name)
