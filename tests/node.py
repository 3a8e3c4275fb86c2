"""A JavaScript program in Node that says what it does, a JSON text a line."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

WITHIN = 15.0
"""Seconds in which it must say something when it is asked."""


@contextmanager
def running(text: str, *arguments: str, **environment: str) -> Iterator[Callable[[], Any]]:
    """A function that gives the next thing that the program says; it is killed at the end in any case."""
    program = subprocess.Popen(
        ["node", "--input-type=commonjs", "-e", text, "--", *arguments],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | environment,
    )
    stdout = program.stdout
    assert stdout is not None
    lines: Queue[str] = Queue()

    def read() -> None:
        for line in stdout:
            lines.put(line)
        lines.put("")

    def said() -> Any:
        line = lines.get(timeout=WITHIN)
        assert line, "the program has ended"
        return json.loads(line)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield said
    finally:
        program.kill()
        program.wait(10)
        reader.join(10)
        stdout.close()
