"""What every command that talks to a server shares: options, client, what it prints, how it fails."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, get_args

import typer
from typer.models import OptionInfo

from .errors import Situation, UsageError, report
from .options import bulk_options, listing_options, printing_options, shared_options
from .output import Format, remark, show_list, show_one
from .output.selection import Selection
from .output.style import Color, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from coordinaitor_sdk import Coordinaitor, Pager

    from .listing import Taken
    from .output.table import Column, Field

P = ParamSpec("P")

_PAGE: Final = 100
_WHOLE_JSON: Final = frozenset({Format.JSON, Format.JSONL})


@dataclass(slots=True)
class Cli:
    """What a command works with: the shared options, and a client made of them when it is first used.

    Attributes:
        profile: `--profile`, or None; likewise what else is named as an option.
        output: how data is printed.
        everything: `--all`.
    """

    profile: str | None = None
    base_url: str | None = None
    api_prefix: str | None = None
    ca_bundle: Path | None = None
    color: Color = Color.AUTO
    debug: bool = False
    output: Format = Format.TABLE
    fields: str | None = None
    jq: str | None = None
    sort: str | None = None
    limit: int | None = None
    everything: bool = False
    jobs: int = 4
    fail_fast: bool = False
    paced: bool = False
    _client: Coordinaitor | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        choose(self.color)

    def check(self) -> None:
        """Refuse options that exclude each other.

        Raises:
            UsageError: there are such.
        """
        if self.everything and self.limit is not None:
            raise UsageError("--all and --limit exclude each other")
        if self.jq is not None and self.output not in {Format.TABLE, Format.JSON}:
            raise UsageError(f"--jq prints what it makes of the JSON: -o {self.output} excludes it")
        if self.fields is not None and self.output is Format.ID:
            raise UsageError("-o id and --fields exclude each other")

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

        from .tracing import tell_log

        tell_log(debug=self.debug)
        self._client = Coordinaitor(
            self.base_url,
            api_prefix=self.api_prefix,
            profile=self.profile,
            api_key=api_key,
            email=email,
            password=password,
            ssl_context=None if self.ca_bundle is None else _trusting(self.ca_bundle),
            # One of many calls may wait for its turn as long as all of them take.
            pacing=self.paced,
            pacing_timeout=86_400.0,
        )
        return self._client

    @property
    def default_project(self) -> str | None:
        """The project that `projects use` has chosen for this server in the profile that holds."""
        from coordinaitor_sdk.profiles import Profile

        stored = Profile(self.client.settings.profile).settings()
        is_here = stored.get("base_url", self.client.base_url).rstrip("/") == self.client.base_url
        return stored.get("project") if is_here else None

    @property
    def select(self) -> Selection:
        """What `--fields` and `--jq` ask for."""
        return Selection.of(self.fields, self.jq)

    @property
    def most(self) -> int | None:
        """How many items of a list are shown; None for all."""
        from .listing import DEFAULT_LIMIT

        return None if self.everything else self.limit or DEFAULT_LIMIT

    def show(self, item: Any, fields: Callable[[Any], Iterable[Field]] | None = None) -> None:
        """Print one object."""
        show_one(item, fields, self.output, self.select)

    def show_items(self, items: Sequence[Any], columns: Sequence[Column[Any]]) -> None:
        """Print a list that is here whole, as `--sort` and `--limit` say."""
        from .listing import cut, ordered

        if self.sort:
            Selection((self.sort.removeprefix("-"),)).check(items, "--sort")
        self._show_taken(cut(ordered(items, self.sort) if self.sort else items, self.most), columns)

    def show_pages(
        self,
        listed: Callable[..., Pager[Any]],
        columns: Sequence[Column[Any]],
        *,
        sorts: Collection[str] = (),
        **filters: Any,
    ) -> None:
        """Print a list of the server's.

        Args:
            listed: the library's method.
            columns: of a table.
            sorts: fields that the server sorts by; any other is sorted by here.
            filters: parameters of the method; None is left out.
        """
        from .listing import cut, ordered, take

        select, most = self.select, self.most
        params = {name: value for name, value in filters.items() if value is not None}
        here = self.sort is not None and self.sort.removeprefix("-") not in sorts
        if self.sort is not None and not here:
            params["sort_by"] = self.sort.removeprefix("-")
            params["sort_order"] = "desc" if self.sort.startswith("-") else "asc"
        per_page = _PAGE if here else min(most or _PAGE, _PAGE)
        taken = take(listed(limit=per_page, **params), None if here else most)
        if here and self.sort is not None:
            Selection((self.sort.removeprefix("-"),)).check(taken.items, "--sort")
            taken = cut(ordered(taken.items, self.sort), most)
        self._show_taken(taken, columns, select)

    def _show_taken(
        self, taken: Taken[Any], columns: Sequence[Column[Any]], select: Selection | None = None
    ) -> None:
        from .known_ids import remember

        show_list(taken.items, columns, self.output, select or self.select)
        remember(taken.items, self.profile, self.base_url)
        if taken.remark:
            remark(taken.remark)

    def situation(self, flags: Mapping[str, str]) -> Situation:
        """What an error needs to know."""
        settings = self._client.settings if self._client else None
        return Situation(flags, settings, self._named_profile(), self.output in _WHOLE_JSON, self.debug)

    def _named_profile(self) -> tuple[str, str] | None:
        """The profile that holds, and where its name comes from; None where that can't be told."""
        from coordinaitor_sdk.exceptions import ConfigurationError
        from coordinaitor_sdk.profiles import named_profile

        try:
            return named_profile(self.profile)
        except ConfigurationError:
            return None

    def close(self) -> None:
        """End watches and connections."""
        if self._client is not None:
            self._client.close()


def command(
    app: typer.Typer,
    name: str,
    *,
    prints: bool = True,
    lists: bool = False,
    bulk: bool = False,
    body: Callable[..., None] | None = None,
) -> Callable[[Callable[Concatenate[Cli, P], None]], Callable[..., None]]:
    """Add a function to a group; its first parameter is a `Cli`, made of the shared options.

    Args:
        app: the group.
        name: of the command.
        prints: whether it prints data: it has `--output`, `--fields` and `--jq`.
        lists: whether that is a list: it has `--sort`, `--limit` and `--all`.
        bulk: whether it works on several ids: it has `--jobs` and `--fail-fast`, and its calls are paced.
        body: a signature of options that make up what is sent; the function gets those that were given as
            one mapping, `given`.
    """

    def add(function: Callable[Concatenate[Cli, P], None]) -> Callable[..., None]:
        signature = inspect.signature(function, eval_str=True)
        own = [one for one in list(signature.parameters.values())[1:] if one.name != "given"]
        sent = [] if body is None else list(inspect.signature(body, eval_str=True).parameters.values())
        shared = _shared(prints, lists, bulk)
        parameters = [*own, *sent, *shared]
        flags = {parameter.name: _flag(parameter) for parameter in parameters}

        @functools.wraps(function)
        def run(**given: Any) -> None:
            cli = Cli(**{one.name: given.pop(one.name) for one in shared}, paced=bulk)
            try:
                cli.check()
                if body is not None:
                    values = {one.name: given.pop(one.name) for one in sent}
                    given["given"] = read_body(values, sent, flags)
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


_NEVER_EMPTY: Final = frozenset({"title", "name"})


def read_body(
    values: Mapping[str, Any], parameters: Sequence[inspect.Parameter], flags: Mapping[str, str]
) -> dict[str, Any]:
    """The fields that were given, and those that `--clear` empties.

    Raises:
        UsageError: `--clear` names no such field, one that is never empty, or one that is given too.
    """
    given = {
        name: value for name, value in values.items() if value is not None and value != [] and name != "clear"
    }
    many = {one.name for one in parameters if "list[" in str(one.annotation)}
    known = {flags[name].removeprefix("--"): name for name in values if name != "clear"}
    for typed in values.get("clear") or ():
        name = known.get(typed, typed.replace("-", "_"))
        if name not in known.values():
            raise UsageError(f"--clear: there is no field {typed}; there are {', '.join(known)}")
        if name in _NEVER_EMPTY:
            raise UsageError(f"--clear {typed}: this field can't be empty; give another by {flags[name]}")
        if name in given:
            raise UsageError(f"--clear {typed} and {flags[name]} exclude each other")
        given[str(name)] = [] if name in many else None
    return given


@functools.cache
def _shared(prints: bool, lists: bool, bulk: bool) -> tuple[inspect.Parameter, ...]:
    wanted = (
        (shared_options, True),
        (printing_options, prints),
        (listing_options, lists),
        (bulk_options, bulk),
    )
    found = (
        parameter
        for function, is_wanted in wanted
        if is_wanted
        for parameter in inspect.signature(function, eval_str=True).parameters.values()
    )
    return tuple(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in found)


def _flag(parameter: inspect.Parameter) -> str:
    for extra in get_args(parameter.annotation)[1:]:
        if isinstance(extra, OptionInfo):
            # In `Annotated` Typer takes the first name for the default.
            names = [str(one) for one in (extra.default, *(extra.param_decls or ()))]
            return next((one for one in names if one.startswith("--")), _spelled(parameter.name))
    return parameter.name.upper()


def _spelled(name: str) -> str:
    return "--" + name.replace("_", "-")


def _trusting(bundle: Path) -> Any:
    import ssl

    try:
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"--ca-bundle {bundle} can't be used: {error}") from None
