"""Ids that lists have shown, kept for TAB: a file beside the settings, one for each profile and server."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coordinaitor_sdk.profiles.directory import active_profile, config_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

_KINDS: Final = {
    "Task": "tasks",
    "Agent": "agents",
    "Project": "projects",
    "User": "users",
    "Notification": "notifications",
}
_MOST: Final = 200


def remember(items: Sequence[Any], profile: str | None, base_url: str | None) -> None:
    """Keep the ids of what a list has shown; where that can't be, TAB offers what it offered before."""
    kind = _KINDS.get(type(items[0]).__name__) if items else None
    if kind is None:
        return
    pairs = [[str(one.id), str(one.get("title") or one.get("name") or "")] for one in items[:_MOST]]
    with suppress(OSError, ValueError):
        path = _path(profile, base_url)
        kept = _read(path)
        if kept.get(kind) != pairs:
            _write(path, {**kept, kind: pairs})


def recall(kind: str, profile: str | None, base_url: str | None) -> list[tuple[str, str]]:
    """The ids of a kind that were shown last, each with its title or name."""
    try:
        return [(str(one[0]), str(one[1])) for one in _read(_path(profile, base_url)).get(kind, [])]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _path(profile: str | None, base_url: str | None) -> Path:
    directory = config_dir()
    name = profile or os.environ.get("COORDINAITOR_PROFILE") or active_profile(directory) or "default"
    url = base_url or os.environ.get("COORDINAITOR_BASE_URL") or os.environ.get("ORCHESTRATOR_URL") or ""
    named = "".join(char if char.isalnum() else "-" for char in f"{name}-{url}")
    return directory / "cache" / f"ids-{named}.json"


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    found = json.loads(path.read_text("utf-8"))
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON


def _write(path: Path, kept: dict[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump(kept, file)
    Path(file.name).replace(path)
