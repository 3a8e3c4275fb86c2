"""Hold the types of everything that can be imported complete (`pyright --verifytypes`, 100 %).

What is not complete is printed, one line each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
PACKAGES = ("coordinaitor_sdk", "coordinaitor_cli")


def verified(package: str) -> dict[str, Any]:
    """What pyright says of an installed package, the types of other distributions left aside."""
    # It finds an editable install only through the interpreter that comes first on the path.
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [BIN / "pyright", "--verifytypes", package, "--ignoreexternal", "--outputjson"]
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False).stdout
    found: dict[str, Any] = json.loads(answer)["typeCompleteness"]
    return found


def incomplete(found: dict[str, Any]) -> list[str]:
    """A line for each symbol whose type is not known, or only inferred."""
    return [
        f"{symbol['name']}: {problem['message'].splitlines()[0]}"
        for symbol in found["symbols"]
        if symbol["isTypeAmbiguous"] or not symbol["isTypeKnown"]
        for problem in symbol["diagnostics"]
    ]


def main() -> None:
    """Print a line for each package; fail when one has less than all."""
    failed = False
    for package in PACKAGES:
        found = verified(package)
        known = found["exportedSymbolCounts"]["withKnownType"]
        print(
            *incomplete(found),
            f"{package}: {known} symbols, {found['completenessScore']:.1%} typed",
            sep="\n",
        )
        # No symbols at all: the package was not found.
        failed = failed or found["completenessScore"] < 1 or not known
    sys.exit(failed)


if __name__ == "__main__":
    main()
