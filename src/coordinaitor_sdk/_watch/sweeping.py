"""A list read by REST, as far as a sweep asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from .._core.sweep import Sweep
    from .._core.watch_kinds import Kind
    from .topic import Source
    from .turns import Turns


async def read(
    source: Source, kind: Kind, sweep: Sweep, filters: Mapping[str, str | None], turns: Turns | None
) -> AsyncIterator[list[Any]]:
    """The rows that each page brings anew; without turns at once, where somebody waits for a first sight.

    Raises:
        CoordinaitorError: a page could not be had.
    """
    number = sweep.page
    while number is not None:
        if turns is not None:
            await turns.wait()
        yield sweep.take(await source.page(kind.name, number, filters))
        number = sweep.page
