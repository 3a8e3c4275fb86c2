"""`/_control`: worlds and their time, for tests; this machine only (docs/server.md, "Worlds and time for
tests").
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends

from coordinaitor_sdk.server.routes.control import agents, faults, journal, snapshots, worlds
from coordinaitor_sdk.server.routes.control.access import require_local

PREFIX: Final = "/_control"

router: APIRouter = APIRouter(prefix=PREFIX, dependencies=[Depends(require_local)])
router.include_router(worlds.router)
router.include_router(faults.router)
router.include_router(journal.router)
router.include_router(agents.router)
router.include_router(snapshots.router)
