"""What users' own tests need: worlds and time of a reference server that was started with `--control`.

from coordinaitor_sdk import Coordinaitor
from coordinaitor_sdk.testing import Control

with Control("http://127.0.0.1:3000") as control, control.world() as world:
    client = Coordinaitor(control.url, api_key=world.api_key)
"""

from __future__ import annotations

from .agents import AgentStep
from .control import Admin, Control, NewWorld, Organization, Time, World
from .faults import Fault, FaultFields, FaultKind, Faults, UnfiredFaultError
from .journal import Body, Fired, Journal, JournalEntry
from .snapshots import Snapshot

__all__ = [
    "Admin",
    "AgentStep",
    "Body",
    "Control",
    "Fault",
    "FaultFields",
    "FaultKind",
    "Faults",
    "Fired",
    "Journal",
    "JournalEntry",
    "NewWorld",
    "Organization",
    "Snapshot",
    "Time",
    "UnfiredFaultError",
    "World",
]
