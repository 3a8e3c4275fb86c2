"""A world as text: JSON Lines, a header and then one object a line, in an order that doesn't change."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, get_args

from pydantic.alias_generators import to_camel
from sqlalchemy import Table, bindparam, select

from coordinaitor_sdk.server.changes.leftovers import DROP_FILE
from coordinaitor_sdk.server.domain.states import PRIORITY_NAME
from coordinaitor_sdk.server.files import FileStore
from coordinaitor_sdk.server.schemas import export as lines
from coordinaitor_sdk.server.schemas.common import Strict
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Statement
from coordinaitor_sdk.server.timelapse import clock_of
from coordinaitor_sdk.server.webhooks.deliverer import ATTEMPT


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of line, and where its fields are stored.

    Attributes:
        texts: columns that hold JSON as text.
        flags: columns that hold 1 or 0.
        order: columns by which the lines are ordered.
    """

    name: str
    schema: type[Strict]
    table: Table
    texts: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    order: tuple[str, ...] = ("id",)

    @property
    def columns(self) -> list[str]:
        """The columns that are told as fields."""
        return [column.name for column in self.table.c if column.name in self.schema.model_fields]

    def statement(self) -> Statement:
        """The rows of `world`."""
        return Statement(select(self.table).where(self.table.c.world == bindparam("world")))


def _kind(
    name: str, schema: type[Strict], table: Table, texts: str = "", flags: str = "", order: str = "id"
) -> Kind:
    names = frozenset(texts.split()), frozenset(flags.split())
    return Kind(name, schema, table, *names, tuple(order.split()))


_t = tables
KINDS: Final = (
    _kind("user", lines.User, _t.users, "preferences"),
    _kind(
        "agent",
        lines.Agent,
        _t.agents,
        "capabilities specializations working_hours configuration",
        "enabled",
    ),
    _kind("project", lines.Project, _t.projects, "budget tags"),
    _kind(
        "projectMember",
        lines.ProjectMember,
        _t.project_members,
        "permissions",
        order="project_id position user_id",
    ),
    _kind("projectAgent", lines.ProjectAgent, _t.project_agents, order="project_id position agent_id"),
    _kind("task", lines.Task, _t.tasks, "tags requirements acceptance_criteria", "workable"),
    _kind("comment", lines.Comment, _t.comments, "mentions"),
    _kind("history", lines.History, _t.history, "old new"),
    _kind("file", lines.File, _t.files),
    _kind("notification", lines.Notification, _t.notifications),
    _kind("webhook", lines.Webhook, _t.webhooks, "events", "active"),
    _kind("due", lines.Due, _t.due, "payload", order="due_at id"),
)
"""In the order of an export: what a line refers to comes before it."""

_STATEMENTS: Final = {kind.name: kind.statement() for kind in KINDS}
_NUMBERS: Final = Statement(
    select(_t.sequences.c.name, _t.sequences.c.value).where(_t.sequences.c.world == bindparam("world"))
)
_NOT_TOLD: Final = {ATTEMPT, DROP_FILE}
_NUMBERED: Final = frozenset(get_args(lines.Numbered))


def export(change: Change, files: FileStore) -> str:
    """The change's world as text; nothing is changed. In the writer rows and files fit together."""
    change.store_numbers()
    return "".join(f"{_dumps(line)}\n" for line in _lines(change, files))


def _lines(change: Change, files: FileStore) -> Iterator[dict[str, Any]]:
    yield _header(change)
    for kind in KINDS:
        names = [column.name for column in kind.table.c]
        found = change.sql.all(_STATEMENTS[kind.name], world=change.world.id)
        rows = [dict(zip(names, row, strict=True)) for row in found]
        for row in sorted(rows, key=partial(_place, kind.order)):
            if kind.name != "due" or row["kind"] not in _NOT_TOLD:
                yield {kind.name: _fields(kind, row) | _content(kind.name, row, files)}


def _header(change: Change) -> dict[str, Any]:
    world = change.world
    numbers = {row.name: row.value for row in change.sql.all(_NUMBERS, world=world.id)}
    return {
        "format": lines.FORMAT,
        "version": lines.VERSION,
        "world": world.id,
        "organization": world.name,
        "randomSeed": world.seed,
        "now": change.stamp,
        "frozen": clock_of(world).is_frozen,
        "numbers": {name: numbers[name] for name in sorted(_NUMBERED & numbers.keys())},
    }


def _fields(kind: Kind, row: Any) -> dict[str, Any]:
    return {to_camel(name): _told(kind, name, row[name]) for name in kind.columns}


def _told(kind: Kind, name: str, value: Any) -> Any:
    if name in kind.texts:
        return None if value is None else json.loads(value)
    if name in kind.flags:
        return bool(value)
    return PRIORITY_NAME[value] if name == "priority" and isinstance(value, int) else value


def _content(kind: str, row: Any, files: FileStore) -> dict[str, Any]:
    """The fields that are not stored in columns."""
    if kind == "file":
        return {"content": _read(files, "tasks", row["world"], row["id"])}
    if kind != "user":
        return {}
    if row["avatar"] is None:
        return {"picture": None}
    content = _read(files, "avatars", row["world"], row["avatar"])
    return {"picture": {"kind": row["avatar"].rpartition(".")[2], "content": content}}


def _read(files: FileStore, area: Any, world: str, name: str) -> str:
    return b64encode(files.path_of(area, world, name).read_bytes()).decode()


def _place(order: tuple[str, ...], row: dict[str, Any]) -> tuple[Any, ...]:
    """`task-2` comes before `task-10`."""
    values = [row[name] for name in order]
    return tuple((len(value), value) if isinstance(value, str) else (0, value) for value in values)


def _dumps(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, allow_nan=False)
