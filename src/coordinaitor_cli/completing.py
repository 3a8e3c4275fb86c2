"""What TAB offers: commands, options, their values, and ids that lists have shown."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from .app import app
from .options import FLAGS, WITH_VALUE
from .output.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BASH: Final = """\
_coordinaitor() {
    local IFS=$'\\n'
    COMPREPLY=($(coordinaitor __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _coordinaitor coordinaitor"""
_ZSH: Final = """\
#compdef coordinaitor
_coordinaitor() {
    local -a found
    found=("${(@f)$(coordinaitor __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[*]}" ]]; then _describe -V coordinaitor found; else _files; fi
}
compdef _coordinaitor coordinaitor"""
_FISH: Final = """\
function __coordinaitor_complete
    set -l words (commandline -opc)
    coordinaitor __complete fish $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c coordinaitor -f -a '(__coordinaitor_complete)'"""
SCRIPTS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}

# Options whose value is the id of something else than the group's own.
_KINDS: Final = {
    "--task": "tasks",
    "--project": "projects",
    "--agent": "agents",
    "--mention": "users",
    "--member": "users",
}


def complete(arguments: Sequence[str]) -> Iterator[str]:
    """What can stand where the cursor is, written for a shell.

    Args:
        arguments: the shell, then the words up to the cursor, the last begun.
    """
    shell, *words = arguments
    words = _joined(words)
    begun = words.pop() if words else ""
    for value, help_text in _candidates(words, begun):
        if value.startswith(begun):
            yield _written(shell, one_line(value), one_line(help_text))


def _written(shell: str, value: str, help_text: str) -> str:
    match shell:
        case "zsh":
            return f"{value.replace(':', chr(92) + ':')}:{help_text}"
        case "fish":
            return f"{value}\t{help_text}"
        case _:
            return value


def _joined(words: Sequence[str]) -> list[str]:
    """bash makes three words of `--output=json`; the middle one is dropped, and one word made two."""
    parted: list[str] = []
    for word in words:
        if word.startswith("--") and "=" in word:
            parted += word.split("=", 1)
        elif word != "=":
            parted.append(word)
    if words and words[-1] == "=":
        parted.append("")
    return parted


def _candidates(words: Sequence[str], begun: str) -> Iterable[tuple[str, str]]:
    from typer.main import get_group

    command: Any = get_group(app)
    path: list[str] = []
    rest = list(words)
    while rest and hasattr(command, "get_command"):
        word = rest.pop(0)
        if word in WITH_VALUE:
            del rest[:1]
        elif word not in FLAGS:
            found = command.get_command(None, word)
            if found is None:
                return []
            command = found
            path.append(str(found.name))
    if hasattr(command, "list_commands"):
        return _commands(command) if not begun.startswith("-") else [("--help", "")]
    return _of_command(command, path, list(words), begun)


def _commands(group: Any) -> list[tuple[str, str]]:
    from .app import COMMANDS

    if hasattr(group, "helps"):
        return list(group.helps().items())
    return [(name, text) for name, (_, text) in COMMANDS.items()]


def _of_command(command: Any, path: Sequence[str], words: list[str], begun: str) -> Iterable[tuple[str, str]]:
    options = {
        name: one for one in command.params for name in getattr(one, "opts", ()) if name.startswith("-")
    }
    last = options.get(words[-1]) if words else None
    if last is not None and not last.is_flag:
        choices = getattr(last.type, "choices", None)
        if choices is not None:
            return [(str(getattr(one, "value", one)), "") for one in choices]
        return _ids(_KINDS.get(words[-1]), words)
    if begun.startswith("-"):
        return [(name, one.help or "") for name, one in options.items() if name.startswith("--")]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    choices = getattr(arguments[0].type, "choices", None) if arguments else None
    if choices is not None:
        return [(str(getattr(one, "value", one)), "") for one in choices]
    takes_ids = any(str(one.metavar).startswith("ID") for one in arguments)
    return _ids(path[0] if takes_ids else None, words)


def _ids(kind: str | None, words: Sequence[str]) -> list[tuple[str, str]]:
    from .known_ids import recall

    if kind is None:
        return []
    named = {name: value for name, value in pairwise(words) if name in WITH_VALUE}
    return recall(kind, named.get("--profile"), named.get("--base-url"))
