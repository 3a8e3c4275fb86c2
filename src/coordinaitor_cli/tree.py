"""Groups of commands, each made when it is asked for: a group costs what one command does."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from typer.core import TyperGroup
from typer.main import get_command_from_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer import Typer

ALIASES: Final = {"ls": "list", "show": "get", "rm": "delete"}
"""Hidden names of commands; so is the singular of a group."""


class Group(TyperGroup):
    """A group that knows its commands by name and help, and makes them one by one.

    Args:
        name: of the group.
        makers: name -> what makes the command, and its help in a line.
        text: its help.
    """

    def __init__(
        self,
        name: str,
        makers: dict[str, tuple[Callable[[], Any], str]],
        *,
        text: str | None,
    ) -> None:
        super().__init__(name=name, help=text, no_args_is_help=True, rich_markup_mode=None)
        self._makers = makers
        # What Typer suggests for a mistyped name is taken from here.
        self.commands: dict[str, Any] = dict.fromkeys(makers)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base class's signature
        """The names, in the order in which they were added."""
        return list(self._makers)

    def helps(self) -> dict[str, str]:
        """The names and what each does, without making a command."""
        return {name: text for name, (_, text) in self._makers.items()}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command itself, made now; by its name or an alias."""
        candidates = (cmd_name, ALIASES.get(cmd_name), f"{cmd_name}s")
        name = next((one for one in candidates if one in self._makers), None)
        if name is None:
            return None
        command = self.commands[name] or self._makers[name][0]()
        self.commands[name] = command
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Names and help, without making a command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.helps().items()))


def group_of(app: Typer, name: str) -> Group:
    """The group that a Typer app describes."""
    makers: dict[str, tuple[Callable[[], Any], str]] = {}
    for info in app.registered_commands:
        assert info.callback is not None  # noqa: S101 - for the type checker
        called = info.name or str(getattr(info.callback, "__name__", "")).replace("_", "-")
        makers[called] = (_maker(info), _first_line(info.help or inspect.getdoc(info.callback)))
    for group in app.registered_groups:
        assert group.typer_instance is not None  # noqa: S101 - as above
        nested = group_of(group.typer_instance, str(group.name))
        makers[str(group.name)] = (partial(_itself, nested), _first_line(nested.help))
    help_text = app.info.help if isinstance(app.info.help, str) else None
    return Group(name, makers, text=help_text)


def _maker(info: Any) -> Callable[[], Any]:
    return lambda: get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)


def _itself(group: Group) -> Group:
    return group


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]
