"""Options that many commands share, each defined once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from .output import Format

ProfileOption: TypeAlias = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Profile to use. [default: default]")
]
BaseUrlOption: TypeAlias = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Server to talk to.")
]
ApiPrefixOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--api-prefix", metavar="PATH", help="Path before every endpoint. [default: /api/v1]"),
]
OutputOption: TypeAlias = Annotated[
    Format, typer.Option("--output", "-o", help="How to print.", show_default=True)
]
LimitOption: TypeAlias = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="Show so many at most. [default: 30]")
]
AllOption: TypeAlias = Annotated[bool, typer.Option("--all", help="Show all, however many.")]


def shared_options(
    profile: ProfileOption = None,
    base_url: BaseUrlOption = None,
    api_prefix: ApiPrefixOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """What every command that talks to a server has; Typer reads it from this signature."""
