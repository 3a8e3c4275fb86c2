"""Changing an object as text, in the user's editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .errors import CommandError, UsageError
from .output import remark
from .output.selection import data_of, value_at

if TYPE_CHECKING:
    from collections.abc import Sequence


def edited(item: Any, names: Sequence[str], *, what: str) -> dict[str, Any]:
    """The fields that the user has changed; what he emptied is None, or an empty list where it was one.

    Args:
        item: the object.
        names: its fields that can be changed, in Python's spelling.
        what: the object's name, for the text's first line.

    Raises:
        UsageError: there is no editor.
        CommandError: the editor failed, or left what can't be read.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise UsageError("no editor is named: set VISUAL or EDITOR, or use update")
    yaml: Any = import_module("yaml")
    before = {name: value_at(data_of(item), name) for name in names}
    text = f"# {what}: save to change it, leave as it is to change nothing.\n" + yaml.safe_dump(
        before, sort_keys=False, allow_unicode=True
    )
    try:
        after = yaml.safe_load(_from_editor(shlex.split(editor), text))
    except yaml.YAMLError as error:
        raise CommandError(f"what the editor left can't be read: {error}") from None
    if not isinstance(after, dict):
        raise CommandError("what the editor left are no fields; nothing was changed")
    found = cast("dict[str, Any]", after)
    unknown = [name for name in found if name not in before]
    if unknown:
        raise CommandError(f"there is no field {unknown[0]} that can be changed; nothing was changed")
    changed = {name: found.get(name) for name in names if found.get(name) != before[name]}
    if not changed:
        remark("nothing was changed")
    return {
        name: [] if value is None and isinstance(before[name], list) else value
        for name, value in changed.items()
    }


def _from_editor(editor: list[str], text: str) -> str:
    with tempfile.TemporaryDirectory(prefix="coordinaitor-") as folder:
        path = Path(folder) / "edit.yaml"
        path.write_text(text, "utf-8")
        try:
            ended = subprocess.run([*editor, str(path)], check=False)  # noqa: S603 - the user's own editor
        except OSError as error:
            raise CommandError(f"the editor {editor[0]} can't be started: {error.strerror}") from None
        if ended.returncode != 0:
            raise CommandError(f"the editor ended with code {ended.returncode}; nothing was changed")
        return path.read_text("utf-8")
