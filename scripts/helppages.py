"""Write the help pages of the terminal client into docs/reference/cli, one page a group.

    python scripts/helppages.py           # write what has changed, remove what is gone
    python scripts/helppages.py --check   # exit code 1 if anything would change

A page has what `--help` prints for the group and for each command below it, at 100 columns.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typer.main import get_group

from coordinaitor_cli.app import COMMANDS, app

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).parent.parent / "docs" / "reference" / "cli"
_MADE: Final = "<!-- Made by scripts/helppages.py from the commands themselves: `make help-pages`. -->"
_WIDTH: Final = 100


def pages() -> dict[str, str]:
    """The name of each page's file -> what is in it."""
    root: Any = get_group(app)
    context = _context(root, "coordinaitor", None)
    listed = "\n".join(
        f"- [`coordinaitor {name}`]({name}.md): {text}" for name, (_, text) in COMMANDS.items()
    )
    made = {"index.md": _page("Commands", f"{_block(root, context)}\n\n{listed}")}
    for name in COMMANDS:
        sections = "\n\n".join(_sections(root.get_command(context, name), name, context))
        made[f"{name}.md"] = _page(f"coordinaitor {name}", sections)
    return made


def _page(title: str, text: str) -> str:
    return f"{_MADE}\n\n# {title}\n\n{text}\n"


def _sections(command: Any, name: str, parent: Any) -> Iterator[str]:
    """The help of a command, then of those below it, each under its whole name."""
    context = _context(command, name, parent)
    is_first = parent.parent is None
    yield _block(command, context) if is_first else f"## {context.command_path}\n\n{_block(command, context)}"
    for below in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from _sections(command.get_command(context, below), below, context)


def _context(command: Any, name: str, parent: Any) -> Any:
    settings = {"terminal_width": _WIDTH, "max_content_width": _WIDTH}
    return command.make_context(name, [], parent=parent, resilient_parsing=True, **settings)


def _block(command: Any, context: Any) -> str:
    lines = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"```text\n{lines}\n```"


def stale(folder: Path = FOLDER) -> dict[str, str | None]:
    """The files that are not as they should be -> what they should hold; None for one that should not be."""
    wanted = pages()
    held = {path.name: path.read_text("utf-8") for path in folder.glob("*.md")}
    return {
        name: wanted.get(name) for name in wanted.keys() | held.keys() if wanted.get(name) != held.get(name)
    }


def main() -> int:
    """Write or check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if anything would change")
    changes = stale()
    if parser.parse_args().check:
        for name in sorted(changes):
            print(f"docs/reference/cli/{name} is stale: make help-pages")
        return int(bool(changes))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in changes.items():
        if text is None:
            (FOLDER / name).unlink()
        else:
            (FOLDER / name).write_text(text, "utf-8")
    print(f"docs/reference/cli: {len(changes)} of {len(COMMANDS) + 1} pages written or removed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
