"""The bounds, all in one table, and how a figure is held against one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Bound:
    """What must hold.

    Attributes:
        name: as in `--only`.
        subject: the module of `benchmarks` that measures it; those of the reference server are in `server`.
        what: the figure, in words.
        limit: in `unit`; the figure may reach it, in the direction of `sense`.
        unit: `x` for a ratio, `ms` and `/s` on a machine where `import typer` takes 46 ms, `MB` of 1,000,000
            bytes, `kB` of 1,000, `real ms` where the machine doesn't matter; empty for a number of things.
    """

    name: str
    subject: str
    what: str
    limit: float
    unit: Literal["x", "ms", "/s", "MB", "kB", "real ms", ""] = "x"
    sense: Literal["at most", "less than", "at least"] = "at most"


BOUNDS: Final = (
    Bound("import", "startup", "import coordinaitor_sdk, over bare Python", 30, "ms"),
    Bound("first-client", "startup", "the first client, over importing httpx and pydantic", 50, "ms"),
    Bound("cli-version", "cli", "--version, to bare Python", 2),
    Bound("cli-help", "cli", "--help, to import typer", 2.5),
    Bound("cli-tab", "cli", "TAB after `tasks get`, to import typer", 2),
    Bound("cli-list", "cli", "tasks list -o json, to importing typer, httpx and pydantic", 1.5),
    Bound("cli-interrupt", "ending", "Ctrl-C to the end of a command", 100, "real ms"),
    Bound("cli-pipe", "ending", "its output's reader gone, to the end of a list", 100, "real ms"),
    Bound("get-httpx", "calls", "CPU of tasks.get, to httpx and .json()", 1.3),
    Bound("get-openai", "calls", "CPU of tasks.get, to openai's models.retrieve", 0.65, sense="less than"),
    Bound("get-stripe", "calls", "CPU of tasks.get, to stripe's customers.retrieve", 0.65, sense="less than"),
    Bound("page-httpx", "pages", "CPU of a page of 100 tasks, to httpx and validate_json", 1.1),
    Bound("page-openai", "pages", "CPU of a page of 100 tasks, to openai's client", 0.25, sense="less than"),
    Bound("at-once", "concurrency", "CPU of 50 async gets at once, to the bare HTTP library", 1.35),
    Bound("iterate", "memory", "memory for iterating over 100,000 tasks", 20, "MB", "less than"),
    Bound("upload", "memory", "memory for uploading 1 GB", 64, "MB"),
    Bound(
        "prefetch", "prefetch", "speed of 100 pages at 20 ms each, prefetch=8 to none", 6, sense="at least"
    ),
    Bound("watch-one", "watching.delivery", "rate of one watch, to a validate_json", 0.8, sense="at least"),
    Bound("watch-spread", "watching.delivery", "the same, over 5,000 watches", 0.45, sense="at least"),
    Bound("watch-sync", "watching.delivery", "rate of a sync watch, to a raw loop", 0.25, sense="at least"),
    Bound("watch-late", "watching.lateness", "p99 of a push, over that of a raw socket", 5, "real ms"),
    Bound("watch-memory", "watching.memory", "memory of 5,000 watches", 40, "MB"),
    Bound("watch-resync", "watching.resync", "requests to know 200 changes among 5,000 watched", 100, ""),
    Bound("watch-back", "watching.outages", "back after an outage of up to 5 s", 2_000, "real ms"),
    Bound("watch-herd", "watching.outages", "of 1,000 clients, back in the busiest second", 800, ""),
    Bound("watch-left", "watching.churn", "left of 100,000 watches and 10,000 reconnects", 0, ""),
    Bound("watch-grown", "watching.churn", "memory after them", 2, "MB"),
    Bound("server-start", "server.start", "start to first answer, to importing FastAPI and the like", 1.6),
    Bound("server-list", "server.lists", "rate of a list, to its bytes from memory", 0.33, sense="at least"),
    Bound("list-status", "server.queries", "p95 of 50 of 100,000 tasks, by status", 6, "ms"),
    Bound("list-filters", "server.queries", "p95, by status, priority and project", 6, "ms"),
    Bound("list-tags", "server.queries", "p95, by tags", 6, "ms"),
    Bound("list-sorts", "server.queries", "p95, of all, in the slowest order", 6, "ms"),
    Bound("list-deep", "server.queries", "p95, page 1,000", 6, "ms"),
    Bound("list-search", "server.queries", "p95, searching a rare and a frequent word", 10, "ms"),
    Bound("server-writes", "server.writes", "creations from 64 clients", 1000, "/s", "at least"),
    Bound("server-reads", "server.writes", "p95 of reads beside 1,000 creations a second", 10, "ms"),
    Bound("server-lost", "server.writes", "tasks and events lost at SIGKILL", 0, ""),
    Bound("server-socket", "server.sockets", "memory of each of 1,000 sockets", 45, "kB"),
    Bound("world-new", "server.worlds", "a new world", 20, "ms"),
    Bound("world-snapshot", "server.worlds", "a snapshot of 1,000 tasks", 100, "ms"),
    Bound("world-restore", "server.worlds", "putting 1,000 deleted tasks back", 100, "ms"),
    Bound("world-fork", "server.worlds", "a fork of 1,000 tasks", 100, "ms"),
    Bound("server-push", "server.sockets", "p99 of 20 events a second to each of them", 250, "real ms"),
)


def chosen(names: Sequence[str]) -> list[Bound]:
    """The bounds with these names, of these subjects, or of these groups of them; all where none is named."""
    return [bound for bound in BOUNDS if not names or not _names_of(bound).isdisjoint(names)]


def selectable() -> list[str]:
    """What `--only` takes."""
    return sorted(set[str]().union(*map(_names_of, BOUNDS)))


def _names_of(bound: Bound) -> set[str]:
    return {bound.name, bound.subject, bound.subject.partition(".")[0]}


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured for the bound of this name.

    Attributes:
        value: in the bound's unit; None where what is to be measured is absent.
        note: the figures behind it.
    """

    name: str
    value: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure held against its bound."""

    bound: Bound
    figure: Figure

    @property
    def holds(self) -> bool:
        """Whether the bound is kept; what is absent keeps none."""
        value, limit = self.figure.value, self.bound.limit
        if value is None:
            return False
        match self.bound.sense:
            case "at least":
                return value >= limit
            case "less than":
                return value < limit
            case "at most":
                return value <= limit

    def as_json(self) -> dict[str, Any]:
        """The verdict as `--json` prints it."""
        bound, figure = self.bound, self.figure
        return {
            "name": bound.name,
            "what": bound.what,
            "sense": bound.sense,
            "limit": bound.limit,
            "measured": None if figure.value is None else round(figure.value, 3),
            "unit": bound.unit,
            "holds": self.holds,
            "note": figure.note,
        }
