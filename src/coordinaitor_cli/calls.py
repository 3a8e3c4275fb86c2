"""Calls of any endpoint: how they are typed, made, printed, and written for curl."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qsl, urlencode

from .errors import UsageError
from .output import Format, put, show_json
from .output.text import one_line, paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinaitor_sdk import HttpResponse

    from .context import Cli

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_WITHOUT_BODY: Final = frozenset({"GET", "DELETE"})


@dataclass(slots=True)
class TypedCall:
    """A call as it was typed; `body` is None where none is sent."""

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None

    def sent(self) -> dict[str, Any]:
        """What the library's `request` is told beside method and path."""
        return {"params": self.params} | ({} if self.body is None else {"body": self.body})


def the_call(words: Sequence[str], typed: Sequence[str], raw: Sequence[str], body: str | None) -> TypedCall:
    """The call that a command line describes.

    Raises:
        UsageError: it describes none.
    """
    if len(words) > 2:
        raise UsageError(f"api takes a method and a path, got {len(words)} words")
    fields = {**_named(typed, _typed), **_named(raw, str)}
    method = words[0].upper() if len(words) == 2 else "POST" if fields or body is not None else "GET"
    if method not in _METHODS:
        raise UsageError(f"{words[0]} is no method: GET, POST, PUT, PATCH or DELETE")
    if "://" in words[-1]:
        raise UsageError(f"{words[-1]} is an address, not a path: name the server by --base-url")
    path, _, query = words[-1].partition("?")
    call = TypedCall(method, path if path.startswith("/") else f"/{path}", _query(query))
    if method in _WITHOUT_BODY or body is not None:
        call.params |= fields
    elif fields:
        call.body = fields
    if body is not None:
        call.body = _json_from(body, "--input")
    return call


def _query(text: str) -> dict[str, str]:
    """A query by its names; values of one name are one with commas, as the API has lists."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _named(texts: Sequence[str], read: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"field {text!r} is not NAME=VALUE")
        found[name] = read(value)
    return found


def _typed(text: str) -> Any:
    if text.startswith("@"):
        return _read(text[1:], "-F")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _json_from(name: str, flag: str) -> Any:
    try:
        return json.loads(_read(name, flag))
    except ValueError as error:
        raise UsageError(f"{flag} {name} holds no JSON: {error}") from None


def _read(name: str, flag: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{flag} {name} can't be read: {getattr(error, 'strerror', None) or error}"
        ) from None


def one_answer(cli: Cli, call: TypedCall, *, include: bool) -> None:
    """Make the call and print what comes; JSON unless another format is wanted."""
    from coordinaitor_sdk import HttpResponse

    answer = cli.client.request(
        cast("Any", call.method), _below(cli, call.path), cast_to=HttpResponse, **call.sent()
    )
    if include:
        put(f"HTTP {answer.status}")
        for name, value in answer.headers.items():
            put(f"{one_line(name)}: {one_line(value)}")
        put("")
    _print_answer(cli, answer)


def _print_answer(cli: Cli, answer: HttpResponse) -> None:
    if not answer.content:
        return
    try:
        value = json.loads(answer.content)
    except ValueError:
        put(paragraphs(answer.content.decode("utf-8", "replace")))
        return
    _print_value(cli, value)


def _print_value(cli: Cli, value: Any) -> None:
    """JSON where no format is named; rows of a table where one is, and the value has rows."""
    from .output import show_list, show_one

    rows: Any = value.get("data", value) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - JSON
    if cli.output in {Format.TABLE, Format.JSON} and cli.jq is None and cli.fields is None:
        show_json(value)
    elif cli.jq is not None or cli.output is Format.YAML or not isinstance(rows, (list, dict)):
        show_one(value, None, cli.output, cli.select)
    elif isinstance(rows, list):
        items: list[Any] = rows  # pyright: ignore[reportUnknownVariableType] - JSON
        show_list(items, _columns(items), cli.output, cli.select)
    else:
        show_one(rows, None, cli.output, cli.select)


def _columns(items: Sequence[Any]) -> list[Any]:
    from .output.table import Column, selected

    objects = [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]
    names = dict.fromkeys(name for item in objects for name in item)
    return [Column(name, selected(name)) for name in names]


def every_page(cli: Cli, call: TypedCall) -> None:
    """Make the call for each page, and print the items of all as one array."""
    from coordinaitor_sdk import Page

    if call.method != "GET":
        raise UsageError("--paginate is for GET")
    items: list[Any] = []
    number, more = 1, True
    while more:
        params = {**call.params, "page": number}
        page = cli.client.request("GET", _below(cli, call.path), cast_to=Page[dict[str, Any]], params=params)
        items += page.data
        told = page.pagination
        pages = told.pages if told is not None else None
        more = (
            bool(page.data)
            and told is not None
            and (told.has_next or (told.has_next is None and number < (pages or 0)))
        )
        number += 1
    _print_value(cli, items)


def as_curl(cli: Cli, call: TypedCall) -> None:
    """Print the call as a curl command; secrets stand there as variables."""
    settings = cli.client.settings
    query = f"?{urlencode(_as_sent(call.params))}" if call.params else ""
    url = f"{settings.base_url}{settings.api_prefix}{_below(cli, call.path)}{query}"
    parts = ["curl", "-X", call.method, shlex.quote(url)]
    credentials = settings.credentials
    if credentials is not None and credentials.api_key is not None:
        parts += ["-H", '"X-API-Key: $COORDINAITOR_API_KEY"']
    elif credentials is not None:
        parts += ["-H", '"Authorization: Bearer $COORDINAITOR_ACCESS_TOKEN"']
    if call.body is not None:
        parts += ["-H", "'Content-Type: application/json'", "-d", shlex.quote(json.dumps(call.body))]
    put(one_line(" ".join(parts)))


def _as_sent(params: dict[str, Any]) -> dict[str, str]:
    """A query's values as the library writes them: lists with commas, `true` and `false`, None not at all."""
    return {name: _text(value) for name, value in params.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON
        return ",".join(map(_text, items))
    return str(value)


def _below(cli: Cli, path: str) -> str:
    prefix = cli.client.settings.api_prefix
    return path.removeprefix(prefix) if prefix and path.startswith(f"{prefix}/") else path
