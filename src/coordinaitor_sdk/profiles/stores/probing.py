"""The process that tries the keyring out: `python -m coordinaitor_sdk.profiles.stores.probing`.

It writes, reads and deletes an entry that is thrown away. What is wrong stands on standard output; the exit
code is 1 then.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from ...exceptions import ConfigurationError
from .ring import RingEntry

_INSTEAD: Final = "or use a file"


def try_out() -> str | None:
    """What is wrong with the keyring; None if nothing is."""
    name, text = f"probe-{os.getpid()}", os.urandom(8).hex()
    try:
        entry = RingEntry(name, instead=_INSTEAD)
        entry.write(text)
        found = entry.read()
        entry.delete()
    except ConfigurationError as error:
        said = error.message.rpartition(f"/{name} ")[2].removesuffix(f", {_INSTEAD}")
        return "there is none on this machine" if said.startswith("finds no keyring") else f"it {said}"
    return None if found == text else "it doesn't keep what is put there"


def main() -> int:
    """Tell what is wrong; 1 if something is."""
    why = try_out()
    sys.stdout.write(why or "")
    return int(why is not None)


if __name__ == "__main__":
    sys.exit(main())
