"""Measure, print each bound with its figure, and fail when one is missed.

python -m benchmarks [--only NAME] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from .bounds import Verdict, chosen, selectable
from .processes import canned_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .bounds import Bound, Figure

_UNITS = {"x": "", "": "", "/s": "/s", "ms": " ms", "real ms": " ms", "MB": " MB", "kB": " kB"}


def verdicts(bounds: Sequence[Bound], url: str) -> Iterator[Verdict]:
    """Each bound held against what its subject measures; a subject runs once."""
    figures: dict[str, Figure] = {}
    for bound in bounds:
        if bound.name not in figures:
            measured = import_module(f"benchmarks.{bound.subject}").measure(url)
            figures |= {figure.name: figure for figure in measured}
        yield Verdict(bound, figures[bound.name])


def line(verdict: Verdict) -> str:
    """One line of the table, and below it the figures behind."""
    bound, figure = verdict.bound, verdict.figure
    unit = _UNITS[bound.unit]
    value = "absent" if figure.value is None else f"{figure.value:.2f}{unit}"
    limit = f"{bound.sense} {bound.limit:g}{unit}"
    result = "holds" if verdict.holds else "MISSED"
    return f"{bound.name:13} {limit:18} {value:>9}  {result:6}  {bound.what}\n{'':13} {figure.note}"


def main() -> int:
    """The exit code: 0 when all bounds hold, 1 when one is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What the client library costs, and the reference server."
    )
    names = selectable()
    parser.add_argument(
        "--only", action="append", default=[], choices=names, metavar="NAME", help=", ".join(names)
    )
    parser.add_argument("--json", action="store_true", help="one JSON array instead of a table")
    options = parser.parse_args()
    found: list[Verdict] = []
    with canned_server() as url:
        for verdict in verdicts(chosen(options.only), url):
            found.append(verdict)
            if not options.json:
                print(line(verdict), flush=True)
    if options.json:
        print(json.dumps([verdict.as_json() for verdict in found], indent=2))
    return 0 if all(verdict.holds for verdict in found) else 1


if __name__ == "__main__":
    sys.exit(main())
