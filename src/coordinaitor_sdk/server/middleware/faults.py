"""Where it is known whose a request is: the faults of its world."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from coordinaitor_sdk.server.attribution import Attribution
from coordinaitor_sdk.server.faults.calls import FaultyCall
from coordinaitor_sdk.server.faults.naming import operation_of
from coordinaitor_sdk.server.faults.registry import Faults
from coordinaitor_sdk.server.journal import Journal, note_fault
from coordinaitor_sdk.server.middleware.journal import CONTROL


class FaultsMiddleware:
    """Notes each request in its world's journal, and lets happen to it what a fault of that world says."""

    def __init__(self, app: ASGIApp, *, faults: Faults, journal: Journal, attribution: Attribution) -> None:
        self._app = app
        self._faults = faults
        self._journal = journal
        self._attribution = attribution

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        world, receive = await self._attribution.world_of(scope, receive)
        if world is None:
            # Nobody's: it must show in no world, and take no world's fault.
            await self._app(scope, receive, send)
            return
        operation = operation_of(scope)
        self._journal.begin(scope, world, operation)
        fault = self._faults.for_call(world, operation)
        if fault is None:
            await self._app(scope, receive, send)
            return
        note_fault(scope, fault.id, fault.kind)
        await FaultyCall(fault, self._app, scope, receive, send).handle()
