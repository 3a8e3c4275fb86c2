"""The command tree: groups by name, each imported when it is used.

`coordinaitor --help` reads the table alone. A test holds the table against the groups themselves.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from .errors import Exit, Situation, report
from .options import asks_for_json, hoisted
from .tree import group_of

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "auth": ("coordinaitor_cli.commands.auth", "Log in and out, and see who you are."),
    "tasks": ("coordinaitor_cli.commands.tasks", "List, read, create, change, work and watch tasks."),
    "agents": ("coordinaitor_cli.commands.agents", "List, read, create and change agents."),
    "projects": ("coordinaitor_cli.commands.projects", "List, read, create and change projects."),
    "users": ("coordinaitor_cli.commands.users", "List users, and see and change yourself."),
    "notifications": ("coordinaitor_cli.commands.notifications", "See and tick off what you are told."),
    "events": ("coordinaitor_cli.commands.events", "Follow what happens, as the server tells it."),
    "system": ("coordinaitor_cli.commands.system", "See how the system is."),
    "ping": ("coordinaitor_cli.commands.ping", "Ask the server whether it is there and well."),
    "webhooks": ("coordinaitor_cli.commands.webhooks", "Create webhooks, and check what they deliver."),
    "api": ("coordinaitor_cli.commands.api", "Call any endpoint."),
    "profiles": ("coordinaitor_cli.commands.profiles", "Name servers and credentials, and choose one."),
    "config": ("coordinaitor_cli.commands.config", "See and change a profile's settings."),
    "doctor": ("coordinaitor_cli.commands.doctor", "Check settings, credentials, and the way to the server."),
    "completion": ("coordinaitor_cli.commands.completion", "Print what completes commands in a shell."),
    "server": (
        "coordinaitor_cli.commands.server",
        "Run the reference server for development, demos and tests.",
    ),
    "demo": ("coordinaitor_cli.commands.demo", "Show agents working six tasks, on a server of its own."),
}
"""Name -> module that holds it as `app`, and its help."""


class LazyGroup(TyperGroup):
    """The root of the tree; lists from `COMMANDS`, imports a command when it is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # What Typer suggests for a mistyped name is taken from here.
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS)  # filled by `get_command`

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base class's signature
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002
        """The command itself, imported now."""
        name = cmd_name if cmd_name in COMMANDS else f"{cmd_name}s"
        if name not in COMMANDS:
            return None
        command = self.commands[name] or load(name)
        self.commands[name] = command
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """The table as help text, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def load(name: str) -> TyperCommand | TyperGroup:
    """Import a group; one whose only command has its own name is that command."""
    module, _ = COMMANDS[name]
    group = group_of(import_module(module).app, name)
    alone = group.list_commands(None) == [name]
    return group.get_command(None, name) if alone else group


def _show_version(value: bool) -> None:
    if value:
        from coordinaitor_sdk import __version__

        typer.echo(f"coordinaitor {__version__}")
        raise typer.Exit


app: typer.Typer = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Work with CoordinAItor: tasks, and the agents that do them."""


def run(arguments: list[str]) -> int:
    """Run a command line; returns the exit code."""
    root = get_group(app)
    try:
        with root.make_context("coordinaitor", hoisted(arguments)) as context:
            root.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:
        if _is_interrupt(error):
            raise KeyboardInterrupt from None
        return report(error, Situation(as_json=asks_for_json(arguments)))
    return Exit.OK


def _is_interrupt(error: Exception) -> bool:
    """Whether it is a Ctrl-C: pydantic makes one that comes while it writes a model an error of its own."""
    wrapped = type(error).__name__ == "PydanticSerializationError" and "KeyboardInterrupt" in str(error)
    return wrapped or isinstance(error.__cause__, KeyboardInterrupt)
