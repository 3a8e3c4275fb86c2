"""Option values that are JSON."""

from __future__ import annotations

import json
from typing import Any

import typer


def json_object(text: str) -> dict[str, Any]:
    """The object that an option's text is.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise typer.BadParameter("this is no JSON object, such as '{\"name\": 1}'")
    return found  # pyright: ignore[reportUnknownVariableType] - JSON
