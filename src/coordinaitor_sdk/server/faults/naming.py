"""What a request is called: the operation id of the published document."""

from __future__ import annotations

import re
from functools import cache

from starlette.routing import compile_path
from starlette.types import Scope

from coordinaitor_sdk.server.settings import API_PREFIXES


def names() -> frozenset[str]:
    """Every operation id."""
    return frozenset(name for routes in _routes().values() for _, name in routes)


def operation_of(scope: Scope) -> str | None:
    """The operation that a request asks for; None where it is none of the published ones."""
    for pattern, name in _routes().get(scope["method"], ()):
        if pattern.match(scope["path"]):
            return name
    return None


@cache
def _routes() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    # Loaded by those who ask: a start goes without.
    from coordinaitor_sdk.server.openapi import endpoints

    found: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for prefix in API_PREFIXES:
        for endpoint in endpoints():
            pattern = compile_path(prefix + endpoint.path)[0]
            found.setdefault(endpoint.method, []).append((pattern, endpoint.name))
    return found
