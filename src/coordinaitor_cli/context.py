"""What every command that talks to a server shares: its options, its client, and how it fails."""

from __future__ import annotations

import functools
import inspect
import logging
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, get_args

import typer
from typer.models import OptionInfo

from .errors import Situation, report
from .options import shared_options
from .output import Format, remark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from coordinaitor_sdk import Coordinaitor

P = ParamSpec("P")


@dataclass(slots=True)
class Cli:
    """What a command works with: the shared options, and a client made of them when it is first used.

    Attributes:
        profile: `--profile`, or None; likewise the next two.
        output: how data is printed.
    """

    profile: str | None = None
    base_url: str | None = None
    api_prefix: str | None = None
    output: Format = Format.TABLE
    _client: Coordinaitor | None = field(default=None, init=False)

    @property
    def client(self) -> Coordinaitor:
        """The client that flags, environment and profile describe."""
        if self._client is None:
            self.connect()
        assert self._client is not None  # noqa: S101 - for the type checker
        return self._client

    def connect(
        self, *, api_key: str | None = None, email: str | None = None, password: str | None = None
    ) -> Coordinaitor:
        """Make the client, with this credential instead of the stored one."""
        from coordinaitor_sdk import Coordinaitor

        _tell_warnings()
        self._client = Coordinaitor(
            self.base_url,
            api_prefix=self.api_prefix,
            profile=self.profile,
            api_key=api_key,
            email=email,
            password=password,
        )
        return self._client

    def situation(self, flags: Mapping[str, str]) -> Situation:
        """What an error needs to know."""
        return Situation(flags, self._client.settings if self._client else None)

    def close(self) -> None:
        """End watches and connections."""
        if self._client is not None:
            self._client.close()


def command(
    app: typer.Typer, name: str, *, prints: bool = True
) -> Callable[[Callable[Concatenate[Cli, P], None]], Callable[..., None]]:
    """Add a function to a group; its first parameter is a `Cli`, made of the shared options.

    Args:
        app: the group.
        name: of the command.
        prints: whether it has `--output`.
    """

    def add(function: Callable[Concatenate[Cli, P], None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        parameters = [*own, *_shared(prints)]
        flags = {parameter.name: _flag(parameter) for parameter in parameters}

        @functools.wraps(function)
        def run(**given: Any) -> None:
            cli = Cli(**{shared.name: given.pop(shared.name) for shared in _shared(prints)})
            try:
                function(cli, **given)  # type: ignore[call-arg] # Typer gives what the signature asks for
            except (typer.Exit, BrokenPipeError):
                raise
            except Exception as error:
                raise typer.Exit(report(error, cli.situation(flags))) from error
            finally:
                cli.close()

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(name)(run)
        return run

    return add


@functools.cache
def _shared(prints: bool) -> tuple[inspect.Parameter, ...]:
    found = inspect.signature(shared_options, eval_str=True).parameters.values()
    keyword_only = (one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in found)
    return tuple(one for one in keyword_only if prints or one.name != "output")


def _flag(parameter: inspect.Parameter) -> str:
    for extra in get_args(parameter.annotation)[1:]:
        if isinstance(extra, OptionInfo):
            # In `Annotated` Typer takes the first name for the default.
            names = [str(one) for one in (extra.default, *(extra.param_decls or ()))]
            return next((one for one in names if one.startswith("--")), _spelled(parameter.name))
    return parameter.name.upper()


def _spelled(name: str) -> str:
    return "--" + name.replace("_", "-")


class _Remarks(logging.Handler):
    """The library's warnings, as remarks; their tracebacks are left out."""

    def emit(self, record: logging.LogRecord) -> None:
        remark(f"warning: {record.getMessage()}")


def _tell_warnings() -> None:
    logger = logging.getLogger("coordinaitor_sdk")
    if not any(isinstance(handler, _Remarks) for handler in logger.handlers) and sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison] - closed by the caller (`2>&-`)
        logger.addHandler(_Remarks(logging.WARNING))
        logger.propagate = False
