"""The CPU that one call for one object takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .bounds import Figure
from .rounds import cpu_time, measured, microseconds, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from .rounds import Measure


def measure(url: str) -> list[Figure]:
    """`tasks.get` beside httpx, openai and stripe, each getting an object of its own API."""
    taken = measured("calls", tuple(CONTESTANTS), url, calls=25, rounds=40, starts=3)
    note = microseconds(taken)
    return [
        Figure(f"get-{peer}", ratio(taken["ours"], taken[peer]), note)
        for peer in CONTESTANTS
        if peer != "ours"
    ]


def _ours(url: str) -> Measure:
    from coordinaitor_sdk import Coordinaitor

    client = Coordinaitor(url, api_key="k")
    return cpu_time(lambda: client.tasks.get("task-123"))


def _httpx(url: str) -> Measure:
    import httpx

    client = httpx.Client()
    task = f"{url}/api/v1/tasks/task-123"
    return cpu_time(lambda: client.get(task, headers={"X-API-Key": "k"}).json())


def _openai(url: str) -> Measure:
    from openai import OpenAI

    client = OpenAI(base_url=f"{url}/openai/v1", api_key="k")
    return cpu_time(lambda: client.models.retrieve("gpt-4o"))


def _stripe(url: str) -> Measure:
    from stripe import StripeClient

    client = StripeClient("k", base_addresses={"api": f"{url}/stripe"})
    return cpu_time(lambda: client.v1.customers.retrieve("cus_NffrFeUfNV2Hib"))


CONTESTANTS: Final[dict[str, Callable[[str], Measure]]] = {
    "ours": _ours,
    "httpx": _httpx,
    "openai": _openai,
    "stripe": _stripe,
}
