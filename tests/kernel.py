"""A Jupyter kernel in a process of its own, asked as a frontend asks it."""

from __future__ import annotations

import queue
import time
from contextlib import contextmanager
from typing import Any

from jupyter_client.manager import KernelManager

PATIENCE = 30.0
# What must not grow, as the kernel counts it itself.
HELD = """
import asyncio as _asyncio, gc as _gc, os as _os, threading as _threading
def held():
    _gc.collect()
    sockets = 0
    for number in _os.listdir("/dev/fd"):
        try:
            sockets += _os.readlink(f"/dev/fd/{number}").startswith("socket:")
        except OSError:
            sockets += 0
    return sockets, len(_asyncio.all_tasks()), len(_threading.enumerate())
"""


class Ran:
    """What a cell gave: its text, its error, and each of its outputs as a MIME bundle."""

    def __init__(self) -> None:
        self.text = ""
        self.error = ""
        self.outputs: list[dict[str, Any]] = []
        self.display_ids: list[str] = []

    @property
    def html(self) -> str:
        """The HTML of the last output."""
        return str(self.outputs[-1].get("text/html", ""))


class Kernel:
    """Runs cells; what the kernel tells of displays and widgets is kept by their ids, as a frontend does."""

    def __init__(self, manager: KernelManager, client: Any) -> None:
        self._manager = manager
        self._client = client
        self.displays: dict[str, list[dict[str, Any]]] = {}
        self.widgets: dict[str, dict[str, Any]] = {}

    def run(self, code: str, *, cell: str | None = None) -> Ran:
        """Run a cell to its end."""
        return self.finish(self.start(code, cell=cell))

    def start(self, code: str, *, cell: str | None = None) -> str:
        """Run a cell; the id of the request."""
        client = self._client
        content = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {},
            "allow_stdin": False, "stop_on_error": False,
        }  # fmt: skip
        metadata = {} if cell is None else {"cellId": cell}
        message = client.session.msg("execute_request", content, metadata=metadata)
        client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def finish(self, request: str) -> Ran:
        """What the cell gave, when it has ended."""
        ran, until = Ran(), time.monotonic() + PATIENCE
        while time.monotonic() < until:
            message = self._next()
            if message is None or message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    ran.text += content["text"]
                case "error":
                    ran.error = content["ename"]
                case "execute_result" | "display_data":
                    ran.outputs.append(content["data"])
                    ran.display_ids.append(content.get("transient", {}).get("display_id"))
                case "status" if content["execution_state"] == "idle":
                    return ran
        raise TimeoutError(f"the cell has not ended within {PATIENCE:.0f} s")

    def interrupt(self) -> None:
        """What a frontend's stop button does."""
        self._manager.interrupt_kernel()

    def until(self, condition: Any) -> None:
        """Take what the kernel tells until the condition holds."""
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, (self.displays, self.widgets)
            self._next()

    def shown(self, display_id: str) -> str:
        """The HTML that an output has now."""
        return str(self.displays[display_id][-1].get("text/html", ""))

    def _next(self) -> dict[str, Any] | None:
        try:
            message: dict[str, Any] = self._client.get_iopub_msg(timeout=0.1)
        except queue.Empty:
            return None
        content = message["content"]
        match message["msg_type"]:
            case "display_data" | "update_display_data":
                self.displays.setdefault(content["transient"].get("display_id"), []).append(content["data"])
            case "comm_open":
                self.widgets[content["comm_id"]] = dict(content["data"]["state"])
            case "comm_msg":
                self.widgets[content["comm_id"]] |= content["data"].get("state", {})
            case "comm_close":
                self.widgets.pop(content["comm_id"], None)
        return message


@contextmanager
def kernel(environment: dict[str, str]):
    """A kernel, and its end."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=environment)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
