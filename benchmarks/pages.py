"""The CPU that a page of 100 typed tasks takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .bounds import Figure
from .rounds import cpu_time, measured, microseconds, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from .rounds import Measure


def measure(url: str) -> list[Figure]:
    """`tasks.list` beside the same models filled by hand, and beside openai's client with its own models."""
    taken = measured("pages", tuple(CONTESTANTS), url, calls=8, rounds=40, starts=3)
    note = microseconds(taken)
    return [
        Figure(f"page-{peer}", ratio(taken["ours"], taken[peer]), note)
        for peer in CONTESTANTS
        if peer != "ours"
    ]


def _ours(url: str) -> Measure:
    from coordinaitor_sdk import Coordinaitor

    client = Coordinaitor(url, api_key="k")
    return cpu_time(lambda: client.tasks.list(limit=100).data)


def _httpx(url: str) -> Measure:
    import httpx
    from pydantic import TypeAdapter

    from coordinaitor_sdk import Page, Task

    client = httpx.Client()
    adapter = TypeAdapter(Page[Task])
    tasks = f"{url}/api/v1/tasks?limit=100"
    return cpu_time(lambda: adapter.validate_json(client.get(tasks, headers={"X-API-Key": "k"}).content).data)


def _openai(url: str) -> Measure:
    from openai import OpenAI

    from .openai_models import TaskPage

    client = OpenAI(base_url=f"{url}/openai/v1", api_key="k")
    return cpu_time(lambda: client.get("/tasks", cast_to=TaskPage, options={"params": {"limit": 100}}).data)


CONTESTANTS: Final[dict[str, Callable[[str], Measure]]] = {"ours": _ours, "httpx": _httpx, "openai": _openai}
