"""What an export says, read and held to its form, and a world filled with it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from sqlalchemy import bindparam, insert

from coordinaitor_sdk.server import copies
from coordinaitor_sdk.server.domain.states import PRIORITY_RANK
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.errors import ValidationFailedError
from coordinaitor_sdk.server.export import KINDS, Kind
from coordinaitor_sdk.server.files import FileStore, storing
from coordinaitor_sdk.server.schemas import export as lines
from coordinaitor_sdk.server.schemas.common import Strict
from coordinaitor_sdk.server.schemas.reading import details_of
from coordinaitor_sdk.server.store import agents, tables, tasks
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Statement
from coordinaitor_sdk.server.wire import dumps
from coordinaitor_sdk.server.worlds import COUNTED_FROM_ONE, FIRST_NUMBER, SEQUENCES, add_sequences

MOST_PROBLEMS: Final = 20
"""Lines that are named of those that don't fit."""

_BY_NAME: Final = {kind.name: kind for kind in KINDS}
_INSERTS: Final = {
    kind.name: Statement(
        insert(kind.table).values({column.name: bindparam(column.name) for column in kind.table.c})
    )
    for kind in KINDS
}
_REFERENCES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "project": {"created_by": ("user",)},
    "projectMember": {"project_id": ("project",), "user_id": ("user",)},
    "projectAgent": {"project_id": ("project",), "agent_id": ("agent",)},
    "task": {"project_id": ("project",), "agent_id": ("agent",), "created_by": ("user",)},
    "comment": {"task_id": ("task",), "author": ("user", "agent")},
    "history": {"task_id": ("task",)},
    "file": {"task_id": ("task",), "uploaded_by": ("user", "agent")},
    "notification": {"user_id": ("user",)},
    "webhook": {"created_by": ("user",)},
}
_KEYS: Final = {"projectMember": ("project_id", "user_id"), "projectAgent": ("project_id", "agent_id")}


@dataclass(slots=True)
class Export:
    """An export that was read: for each kind its lines in order, each with its number."""

    header: lines.Header
    records: dict[str, list[tuple[int, Any]]]


@dataclass(slots=True)
class _Problems:
    found: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, line: int, name: str, says: str) -> None:
        """One more."""
        place = f"line {line}, {name}" if name else f"line {line}"
        self.found.setdefault(place, []).append(says)

    def end(self) -> None:
        """Pass when there were none.

        Raises:
            ValidationFailedError: there were.
        """
        if self.found:
            some = dict(list(self.found.items())[:MOST_PROBLEMS])
            place, messages = next(iter(some.items()))
            raise ValidationFailedError(some, f"The export does not fit: {place}: {messages[0]}")


def read_export(text: str) -> Export:
    """What an export says.

    Raises:
        ValidationFailedError: it doesn't fit; the details name lines and fields.
    """
    problems = _Problems()
    first, *rest = _objects(text, problems) or [(1, {})]
    header = _checked(first[0], first[1], lines.Header, problems)
    problems.end()
    records: dict[str, list[tuple[int, Any]]] = {kind.name: [] for kind in KINDS}
    for line, value in rest:
        if len(value) != 1 or (name := next(iter(value))) not in records:
            problems.add(line, "", f"Must be one object of: {', '.join(records)}")
        elif (record := _checked(line, value[name], _BY_NAME[name].schema, problems)) is not None:
            records[name].append((line, record))
    problems.end()
    _check_keys(records, problems)
    problems.end()
    return Export(header, records)


def fill(change: Change, export: Export, files: FileStore) -> None:
    """Store what an export says in the change's world: no settings, no world, e-mails hidden."""
    world = change.world
    add_sequences(change.sql, world.id, _numbers(export))
    world.clock = copies.clock_at(export.header.now, frozen=export.header.frozen)
    for kind in KINDS:
        rows = [_row(kind, record, world.id) for _, record in export.records[kind.name]]
        for number, row in enumerate(rows, start=1):
            row.update(_added(kind.name, row, export.records[kind.name][number - 1][1], number))
        if kind.name == "task":
            last = change.next_number("search", tables.SERVER_WIDE, by=len(rows))
            for place, row in enumerate(rows, start=last - len(rows) + 1):
                tasks.add(change, _task(row, place))
        elif kind.name == "agent":
            for row in rows:
                agents.add_row(change, row)
        elif rows:
            change.sql.insert_many(_INSERTS[kind.name], rows)
    _keep_files(change, export, files)


def _objects(text: str, problems: _Problems) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            value = json.loads(content)
        except (ValueError, RecursionError) as error:
            problems.add(line, "", f"Is not valid JSON: {error}")
            continue
        if isinstance(value, dict):
            found.append((line, cast("dict[str, Any]", value)))
        else:
            problems.add(line, "", "Must be a JSON object")
    problems.end()
    return found


def _checked(line: int, value: Any, schema: type[Strict], problems: _Problems) -> Any:
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        found = details_of(error.errors(include_url=False))
    for name, messages in found.items():
        for message in messages:
            problems.add(line, "" if name == "body" else name, message)
    return None


def _check_keys(records: dict[str, list[tuple[int, Any]]], problems: _Problems) -> None:
    """Ids and e-mails are given once, and what is referred to is there."""
    known: defaultdict[str, set[Any]] = defaultdict(set)
    for name, found in records.items():
        columns = _KEYS.get(name, ("id",))
        for line, record in found if name != "due" else ():
            key = tuple(getattr(record, column) for column in columns)
            if key in known[name]:
                problems.add(line, to_camel(columns[-1]), f"{key[-1]} is there twice")
            known[name].add(key)
            for column, kinds in _REFERENCES.get(name, {}).items():
                value = getattr(record, column)
                if value is not None and not any((value,) in known[kind] for kind in kinds):
                    missing = f"{value} is no {' or '.join(kinds)} of this export"
                    problems.add(line, to_camel(column), missing)
    _check_users(records["user"], problems)


def _check_users(found: list[tuple[int, Any]], problems: _Problems) -> None:
    emails = set[str]()
    for line, user in found:
        if user.email.casefold() in emails:
            problems.add(line, "email", f"{user.email} is there twice")
        emails.add(user.email.casefold())
    if not any(user.role == "admin" for _, user in found):
        problems.add(
            found[-1][0] if found else 1, "role", "No user is an admin: who gets the key of the world?"
        )


def _numbers(export: Export) -> dict[str, int]:
    """What ids count on from: no id of the export comes again."""
    numbers = {name: 0 if name in COUNTED_FROM_ONE else FIRST_NUMBER - 1 for name in SEQUENCES}
    numbers |= {str(name): value for name, value in export.header.numbers.items()}
    numbers["due"] = len(export.records["due"])
    for found in export.records.values():
        for _, record in found:
            name, _, number = str(getattr(record, "id", "")).rpartition("-")
            if name in numbers and number.isascii() and number.isdigit():
                numbers[name] = max(numbers[name], int(number))
    return numbers


def _row(kind: Kind, record: Any, world: str) -> dict[str, Any]:
    values = record.model_dump(by_alias=False)
    row: dict[str, Any] = {"world": world}
    for name in kind.columns:
        value = values[name]
        if name in kind.texts:
            value = None if value is None and name in _NULLABLE else dumps(value)
        elif name in kind.flags:
            value = int(value)
        elif name == "priority":
            value = PRIORITY_RANK[value] if kind.name == "task" else value
        row[name] = value
    return row


_NULLABLE: Final = {"working_hours", "budget"}


def _added(kind: str, row: dict[str, Any], record: Any, number: int) -> dict[str, Any]:
    """The columns that are no fields of a line."""
    match kind:
        case "user":
            email = f"{row['world']} {row['email'].casefold()}"
            return {"email": email, "password_hash": None, "avatar": _avatar(record)}
        case "file":
            content = b64decode(record.content)
            return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        case "webhook":
            return {"secret": f"whsec_{secrets.token_urlsafe(24)}", "headers": "{}"}
        case "due":
            return {"id": number}
        case _:
            return {}


def _avatar(user: lines.User) -> str | None:
    if user.picture is None:
        return None
    digest = hashlib.sha256(b64decode(user.picture.content)).hexdigest()
    return f"{user.id}-{digest[:32]}.{user.picture.kind}"


def _task(row: dict[str, Any], search_id: int) -> TaskRow:
    values = row | {"search_id": search_id}
    return TaskRow._make(values.get(name) for name in TaskRow._fields)


def _contents(export: Export) -> Iterator[tuple[Any, str, str]]:
    for _, file in export.records["file"]:
        yield "tasks", file.id, file.content
    for _, user in export.records["user"]:
        if (name := _avatar(user)) is not None:
            yield "avatars", name, user.picture.content


def _keep_files(change: Change, export: Export, files: FileStore) -> None:
    for area, name, content in _contents(export):
        with storing():
            number, path = files.new_file()
            with os.fdopen(number, "wb") as file:
                file.write(b64decode(content))
                file.flush()
                os.fsync(number)
        files.keep(path, area, change.world.id, name)
