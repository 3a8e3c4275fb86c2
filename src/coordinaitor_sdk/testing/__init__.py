"""What users' own tests need: worlds and time of a reference server that was started with `--control`.

from coordinaitor_sdk import Coordinaitor
from coordinaitor_sdk.testing import Control

with Control("http://127.0.0.1:3000") as control, control.world() as world:
    client = Coordinaitor(control.url, api_key=world.api_key)
"""

from __future__ import annotations

from .control import Admin, Control, NewWorld, Organization, Time, World

__all__ = ["Admin", "Control", "NewWorld", "Organization", "Time", "World"]
