"""Holds what servers under test answered against the published schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from coordinaitor_sdk.server.openapi import Endpoint, endpoints, framed
from coordinaitor_sdk.server.schemas import answers

ANYWHERE = {401, 404, 405, 413, 429, 500, 503}
"""Statuses that need no operation: no such path or method, too large or too much, faults of the server."""

SHOWN = 2_000
_FRAMED: dict[str, type[BaseModel] | None] = {}
PUBLISHED = {"/api/docs", "/api/openapi.json"}
PUSHED: dict[str, type[BaseModel]] = {
    "task.deleted": answers.DeletedTask,
    "task.comment_added": answers.CommentAdded,
    "task.file_added": answers.FileAdded,
    "task": answers.Task,
    "agent": answers.Agent,
    "project": answers.Project,
    "user": answers.User,
}


def wrong(told: Iterable[dict[str, Any]]) -> Iterator[str]:
    """What of it is not as published."""
    for one in told:
        fault = _wrong_frame(one["frame"]) if "frame" in one else _wrong_answer(one)
        if fault is not None:
            yield fault


def check(told: Iterable[dict[str, Any]]) -> None:
    """Pass when all of it is as published.

    Raises:
        AssertionError: something is not.
    """
    faults = list(wrong(told))
    assert not faults, "answers that are not as published:\n" + "\n".join(faults[:5])


def read(path: Path) -> Iterator[dict[str, Any]]:
    """What a server has written down; a line that a kill cut off is left out."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield json.loads(line)


def _wrong_answer(told: dict[str, Any]) -> str | None:
    method, path, status = told["method"], told["path"], told["status"]
    if path in PUBLISHED:
        return None
    endpoint = _find(method, re.sub(r"^/api(/v1)?(?=/)", "", path))
    body = told["body"].encode("utf-8", "surrogateescape")
    name = f"{method} {path}: {status}"
    if status not in _statuses(endpoint):
        return f"{name} is not documented: {body[:SHOWN]!r}"
    schema = _schema(endpoint, status, bare=path.startswith("/api/auth/"))
    if schema is None:
        return f"{name} has a body: {body[:SHOWN]!r}" if body else None
    try:
        schema.model_validate_json(body)
    except ValidationError as error:
        if status == 503:  # a health body is one too
            return _wrong_answer(told | {"status": 200})
        return f"{name} {error}\n{body[:SHOWN]!r}"
    return None


def _statuses(endpoint: Endpoint | None) -> set[int]:
    if endpoint is None:
        return ANYWHERE
    good = {endpoint.operation.status} | ({304} if endpoint.conditional else set())
    return good | set(endpoint.failures) | {500}


def _schema(endpoint: Endpoint | None, status: int, *, bare: bool) -> type[BaseModel] | None:
    if endpoint is None or status >= 400:
        return answers.Failure
    if status == 304:
        return None
    return _good(endpoint, bare)


def _good(endpoint: Endpoint, bare: bool) -> type[BaseModel] | None:
    name = endpoint.operation.answer
    if bare and name is not None:
        found: type[BaseModel] = getattr(answers, name)
        return found
    if endpoint.name not in _FRAMED:
        _FRAMED[endpoint.name] = framed(endpoint.operation)
    return _FRAMED[endpoint.name]


@cache
def _routes() -> list[tuple[str, re.Pattern[str], Endpoint]]:
    return [(one.method, re.compile(re.sub(r"\{\w+\}", "[^/]+", one.path)), one) for one in endpoints()]


def _find(method: str, path: str) -> Endpoint | None:
    for known, pattern, endpoint in _routes():
        if known == method and pattern.fullmatch(path):
            return endpoint
    return None


@cache
def _push(name: str) -> type[BaseModel]:
    return answers.Push[PUSHED.get(name) or PUSHED[name.partition(".")[0]]]  # type: ignore[misc]


def _wrong_frame(text: str) -> str | None:
    name = json.loads(text)["type"]
    if "." not in name:
        return None
    try:
        _push(name).model_validate_json(text)
    except (ValidationError, KeyError) as error:
        return f"push {name}: {error}\n{text[:SHOWN]}"
    return None
