"""One contestant in a process of its own: a number of calls in, what they took out, line by line.

python -m benchmarks.worker SUBJECT CONTESTANT URL [OPTION...]
"""

from __future__ import annotations

import sys
from importlib import import_module


def main(subject: str, contestant: str, *arguments: str) -> None:
    """Serve measurements until standard input ends."""
    measure = import_module(f"benchmarks.{subject}").CONTESTANTS[contestant](*arguments)
    for line in sys.stdin:
        print(measure(int(line)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
