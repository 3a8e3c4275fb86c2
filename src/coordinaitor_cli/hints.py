"""What a library error says at a terminal, and the command that helps."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from coordinaitor_sdk.exceptions import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    CoordinaitorError,
    InvalidArgumentError,
    NotFoundError,
    RateLimitError,
    ResponseDecodeError,
)
from coordinaitor_sdk.profiles import DEFAULT_PROFILE, Profile, is_loopback

from .login import CREDENTIAL_VARIABLES

if TYPE_CHECKING:
    from coordinaitor_sdk.profiles import Settings

    from .errors import Situation

_FIRST_NAME: Final = re.compile(r"^[a-z]+\b(?!\.\w|[/\\-])")  # not of a file: "file.pdf can't be read"
_NAME: Final = re.compile(r"(?<![./\\-])\b[a-z]+(_[a-z]+)+\b(?!\.\w|[/\\-])")
_FROM_FLAG: Final = " (from argument)"
_FOR_PYTHON: Final = " or datetime(..., tzinfo=UTC)"


def message_of(error: CoordinaitorError, situation: Situation) -> str:
    """The error in one sentence; parameters of Python are named by their flags."""
    message = error.message
    if isinstance(error, ConfigurationError):
        if _FROM_FLAG not in message:  # it is about the environment or a file
            return message
        message = message.replace(_FROM_FLAG, "")
    elif isinstance(error, InvalidArgumentError):
        message = message.replace(_FOR_PYTHON, "")
        message = _FIRST_NAME.sub(lambda name: situation.flags.get(name[0], name[0]), message)
    return _NAME.sub(lambda name: situation.flags.get(name[0], name[0]), message)


def hint_for(error: CoordinaitorError, situation: Situation) -> str | None:
    """The command, or else the fact, that helps; None where nothing does."""
    settings = situation.settings
    match error:
        case ConnectionFailedError() | AuthenticationError() if settings is not None and _is_unknown(
            settings
        ):
            return f"there is no profile {settings.profile}: coordinaitor profiles list shows those there are"
        case AuthenticationError():
            return _login_hint(situation)
        case RateLimitError() if error.retry_after is not None:
            return f"the server asks to wait {error.retry_after:.0f} s"
        case ResponseDecodeError():
            return "coordinaitor auth login --base-url URL --api-prefix PATH names another server or path"
        case NotFoundError() if error.code is None:
            return "no such path: coordinaitor auth login --base-url URL --api-prefix PATH names another"
        case ConnectionFailedError() if settings is not None:
            if is_loopback(settings.base_url):
                return "coordinaitor server start"
            return f"the base URL comes from: {settings.sources['base_url']}; --base-url URL names another"
        case ConfigurationError() if "allow_insecure_http" in error.message:
            return "--base-url https://..."
        case _:
            return None


def _is_unknown(settings: Settings) -> bool:
    """Whether a profile was named that there isn't, so that the address is nobody's choice."""
    named = settings.profile not in {DEFAULT_PROFILE, *Profile.names()}
    return named and settings.sources["base_url"] == "default"


def _login_hint(situation: Situation) -> str | None:
    settings = situation.settings
    named = "" if settings is None or settings.profile == "default" else f" --profile {settings.profile}"
    if settings is None or settings.credentials is None:
        return f"coordinaitor auth login{named}"
    match settings.credentials.source:
        case "argument":  # this was the login
            return None
        case "environment":
            names = ", ".join(name for name in CREDENTIAL_VARIABLES if os.environ.get(name))
            return f"unset {names}; coordinaitor auth login{named}"
        case _:
            return f"coordinaitor auth login{named}"
