"""The reference server as a process that also tells what it uses.

python -m benchmarks.server.serving DATABASE

It answers on the port that it prints first, until standard input ends. Each line on standard input is
answered with the bytes that it has resident. `GET /api/v1/in-memory` answers the bytes of the first page of
20 tasks, as they were when it was first asked: the same application, middleware and check of the credential,
no query.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from benchmarks.memory import in_use
from coordinaitor_sdk.server import launch
from coordinaitor_sdk.server.context import JsonAnswer, ReadTasks, UserCall
from coordinaitor_sdk.server.run import Ready, ServerOptions, serve
from coordinaitor_sdk.server.schemas.common import Paged
from coordinaitor_sdk.server.store.task_list import TaskFilter, page_of
from coordinaitor_sdk.server.wire import task_json

if TYPE_CHECKING:
    from fastapi import FastAPI

IN_MEMORY = "/api/v1/in-memory"


def main(database: str) -> None:
    """Serve until standard input ends."""
    create = launch.create_app

    def with_memory(*parts: Any) -> FastAPI:
        app = create(*parts)
        _add_route(app)
        return app

    launch.create_app = with_memory
    options = ServerOptions(port=0, database=database, rate_limit="off", agents="off", control=True)
    serve(options, on_ready=_announce)


def _add_route(app: FastAPI) -> None:
    kept: list[bytes] = []

    async def in_memory(call: ReadTasks) -> JsonAnswer:
        if not kept:
            kept.append(_first_page(call))
        return JsonAnswer(kept[0])

    app.add_api_route(IN_MEMORY, in_memory)


def _first_page(call: UserCall) -> bytes:
    found, total = page_of(call.sql, call.world.id, TaskFilter(), limit=20, offset=0)
    return bytes(call.page([task_json(task) for task in found], total, Paged()).body)


def _announce(ready: Ready) -> None:
    print(ready.url.rpartition(":")[2], flush=True)
    threading.Thread(target=_tell, daemon=True).start()


def _tell() -> None:
    for _ in sys.stdin:
        print(in_use(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(*sys.argv[1:])
