"""Options that many commands share, each defined once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from .output import Format
from .output.style import Color

ProfileOption: TypeAlias = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Profile to use. [default: the active one]")
]
BaseUrlOption: TypeAlias = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Server to talk to.")
]
ApiPrefixOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--api-prefix", metavar="PATH", help="Path before every endpoint. [default: /api/v1]"),
]
CaBundleOption: TypeAlias = Annotated[
    Path | None, typer.Option("--ca-bundle", metavar="FILE", help="Trust these authorities (PEM), for TLS.")
]
ColorOption: TypeAlias = Annotated[Color, typer.Option("--color", help="When to colour.")]
DebugOption: TypeAlias = Annotated[
    bool, typer.Option("--debug", help="Trace requests on standard error, without secrets.")
]
OutputOption: TypeAlias = Annotated[
    Format, typer.Option("--output", "-o", help="How to print.", show_default=True)
]
FieldsOption: TypeAlias = Annotated[
    str | None, typer.Option("--fields", metavar="NAMES", help="Print these alone, such as id,project.name.")
]
JqOption: TypeAlias = Annotated[
    str | None, typer.Option("--jq", metavar="PROGRAM", help="Print what jq makes of the JSON.")
]
SortOption: TypeAlias = Annotated[
    str | None, typer.Option("--sort", metavar="FIELD", help="Order by this; -FIELD for the last first.")
]
LimitOption: TypeAlias = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="Show so many at most. [default: 30]")
]
AllOption: TypeAlias = Annotated[bool, typer.Option("--all", help="Show all, however many.")]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
DryRunOption: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Tell what would be done; do nothing.")
]
JobsOption: TypeAlias = Annotated[
    int, typer.Option("--jobs", "-j", min=1, max=64, metavar="N", help="So many at once.", show_default=True)
]
FailFastOption: TypeAlias = Annotated[
    bool, typer.Option("--fail-fast", help="Begin no other after the first failure.")
]
IdsArgument: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Which; - reads ids from standard input.")
]
ClearOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--clear", metavar="FIELD", help="Empty this field; may be repeated.")
]


def shared_options(
    profile: ProfileOption = None,
    base_url: BaseUrlOption = None,
    api_prefix: ApiPrefixOption = None,
    ca_bundle: CaBundleOption = None,
    color: ColorOption = Color.AUTO,
    debug: DebugOption = False,
) -> None:
    """What every command that talks to a server has; Typer reads it from this signature."""


def printing_options(
    output: OutputOption = Format.TABLE, fields: FieldsOption = None, jq: JqOption = None
) -> None:
    """What every command that prints data has beside it."""


def listing_options(
    sort: SortOption = None, limit: LimitOption = None, everything: AllOption = False
) -> None:
    """What every list has beside that."""


def bulk_options(jobs: JobsOption = 4, fail_fast: FailFastOption = False) -> None:
    """What every command that works on several ids has beside that."""


WITH_VALUE: Final = frozenset(
    {
        *("--profile", "--base-url", "--api-prefix", "--ca-bundle", "--color"),
        *("--output", "-o", "--fields", "--jq", "--sort", "--limit", "--jobs", "-j"),
    }
)
FLAGS: Final = frozenset({"--debug", "--all", "--fail-fast"})


def hoisted(arguments: list[str]) -> list[str]:
    """Shared options that stand before or among the words of a command, put behind them."""
    words: list[str] = []
    moved: list[str] = []
    rest = list(arguments)
    while rest:
        name = rest[0].partition("=")[0] if rest[0].startswith("--") else rest[0]
        if name in FLAGS:
            moved.append(rest.pop(0))
        elif name in WITH_VALUE:
            count = 1 if "=" in rest[0] else 2
            moved += rest[:count]
            del rest[:count]
        elif rest[0].startswith("-") and rest[0] != "-":
            break
        else:
            words.append(rest.pop(0))
    return [*words, *moved, *rest]


def asks_for_json(arguments: list[str]) -> bool:
    """Whether a command line, right or wrong, wants JSON: its errors are JSON then, too."""
    return any(
        word in {"--output=json", "--output=jsonl", "-ojson", "-ojsonl"}
        or (word in {"-o", "--output"} and value in {"json", "jsonl"})
        for word, value in pairwise([*arguments, ""])
    )
