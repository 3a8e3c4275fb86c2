"""`coordinaitor completion`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ..output import put

app: typer.Typer = typer.Typer(help="Print what completes commands in a shell.")


class Shell(StrEnum):
    """Shells that are known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command("completion")
def completion(shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish")]) -> None:
    """Print what completes commands in a shell.

    bash: eval "$(coordinaitor completion bash)" in ~/.bashrc; zsh likewise in ~/.zshrc, behind compinit;
    fish: coordinaitor completion fish > ~/.config/fish/completions/coordinaitor.fish
    """
    from ..completing import SCRIPTS

    put(SCRIPTS[shell.value])
