"""The live feed at a terminal: which channels are followed, and all of them as one."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Final, cast

from .errors import UsageError
from .output import remark
from .output.table import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coordinaitor_sdk import Coordinaitor, EventFeed, WebhookEvent

# Channel -> what its events can be filtered by.
CHANNELS: Final[dict[str, frozenset[str]]] = {
    "tasks": frozenset({"task_id", "project_id", "agent_id", "status", "priority"}),
    "agents": frozenset({"agent_id", "type", "status"}),
    "projects": frozenset({"project_id", "status"}),
    "users": frozenset({"user_id", "role"}),
}
_SLICE: Final = 0.25


def followed(
    client: Coordinaitor, channels: Sequence[str] | None, filters: Mapping[str, Any]
) -> Iterator[WebhookEvent]:
    """All events of the channels, as they happen, without end.

    Args:
        client: that connects.
        channels: which; without any all that the filters fit and the credential allows.
        filters: as the library takes them.

    Raises:
        UsageError: no channel has these filters.
        CoordinaitorError: the feed could not begin or go on.
    """
    named = list(dict.fromkeys(channels or ()))
    chosen = named or [name for name, known in CHANNELS.items() if filters.keys() <= known]
    if not chosen:
        raise UsageError("no channel can be filtered so", "coordinaitor events --help")
    feeds = _begun(client, chosen, filters, must=bool(named))
    remark(f"following {', '.join(feed.channel for feed in feeds)}; Ctrl-C ends it")
    return iter(feeds[0]) if len(feeds) == 1 else _merged(feeds)


def channels_of(names: Sequence[str] | None) -> list[str] | None:
    """The channels that these events come on; None for no names.

    Raises:
        UsageError: one comes on none.
    """
    found = [f"{name.partition('.')[0]}s" for name in names or ()]
    for name, channel in zip(names or (), found, strict=True):
        if channel not in CHANNELS:
            raise UsageError(f"there is no event {name}", "coordinaitor webhooks events")
    return found or None


def _begun(
    client: Coordinaitor, channels: Sequence[str], filters: Mapping[str, Any], *, must: bool
) -> list[EventFeed]:
    from coordinaitor_sdk.exceptions import AuthorizationError

    feeds: list[EventFeed] = []
    refusal: AuthorizationError | None = None
    for channel in channels:
        try:
            feeds.append(client.events(channel, filters).start())
        except AuthorizationError as error:
            if must:
                raise
            refusal = error
    if refusal is not None and not feeds:
        raise refusal
    return feeds


def _merged(feeds: Sequence[EventFeed]) -> Iterator[WebhookEvent]:
    coming: queue.SimpleQueue[WebhookEvent | Exception | None] = queue.SimpleQueue()

    def read(feed: EventFeed) -> None:
        try:
            for event in feed:
                coming.put(event)
        except Exception as error:
            coming.put(error)
        else:
            coming.put(None)

    for feed in feeds:
        threading.Thread(target=read, args=(feed,), daemon=True).start()
    while True:
        try:
            told = coming.get(timeout=_SLICE)  # in slices, so that Ctrl-C works everywhere
        except queue.Empty:
            continue
        if told is None:
            return
        if isinstance(told, Exception):
            raise told
        yield told


def id_of(event: WebhookEvent) -> str | None:
    """The id of what an event is about; of a comment or a file, its task's."""
    found = _part(event, "id", "taskId")
    return None if found is None else str(found)


def _part(event: WebhookEvent, *names: str) -> Any:
    found: Any = event.to_dict().get("data")
    data = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    return next((data[name] for name in names if data.get(name)), None)


WIDTHS: Final = (27, 20)
EVENT_COLUMNS: Final[tuple[Column[WebhookEvent], ...]] = (
    Column("TIME", lambda event: event.timestamp),
    Column("EVENT", lambda event: event.event),
    Column("ID", id_of),
    Column("STATUS", lambda event: _part(event, "status"), is_state=True),
    Column(
        "ABOUT", lambda event: getattr(event, "reason", None) or _part(event, "title", "name"), flexible=True
    ),
)
