"""A list read by REST, as far as a sweep asks for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from .._core.sweep import Sweep
    from .._core.watch_kinds import Kind
    from .topic import Source


async def read(
    source: Source, kind: Kind, sweep: Sweep, filters: Mapping[str, str | None]
) -> AsyncIterator[list[Any]]:
    """The rows that each page brings anew, spread as the rate limit asks for.

    Raises:
        CoordinaitorError: a page could not be had.
    """
    number = sweep.page
    while number is not None:
        yield sweep.take(await source.page(kind.name, number, filters))
        number = sweep.page
        if number is not None and (pause := source.spacing()):
            await asyncio.sleep(pause)
