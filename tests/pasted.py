"""Files that the documentation gives ready to paste: blocks of Python whose first line names them."""

from __future__ import annotations

import re
from pathlib import Path

_PAGE = Path(__file__).parent.parent / "docs" / "reference" / "webhooks.md"
_BLOCK = re.compile(r"^```python\n(# (\w+\.py)\n.*?)^```$", re.MULTILINE | re.DOTALL)


def paste(folder: Path, *names: str) -> None:
    """Write blocks of the page on webhooks into a package of that folder's name, as they stand.

    Raises:
        KeyError: the page has no such block.
    """
    blocks = {name: text for text, name in _BLOCK.findall(_PAGE.read_text("utf-8"))}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").touch()
    for name in names:
        (folder / name).write_text(blocks[name], "utf-8")


def pasted_names() -> set[str]:
    """The files that the page gives."""
    return {name for _, name in _BLOCK.findall(_PAGE.read_text("utf-8"))}
