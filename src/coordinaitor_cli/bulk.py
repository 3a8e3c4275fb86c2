"""One command over many ids: so many at once, paced by the rate limit, with a result for each."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import typer

from .errors import CommandError, Exit, Situation, UsageError, exit_code, told
from .failures import as_data
from .output import Format, remark, show_list
from .output.selection import data_of
from .output.style import is_progress_shown
from .output.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from .context import Cli
    from .output.table import Field


@dataclass(slots=True)
class Result:
    """What became of one id.

    Attributes:
        state: `done`, `failed`, `skipped`, or what a dry run says.
        value: what the server answered.
    """

    id: str
    state: str
    value: Any = None
    error: Exception | None = None

    def to_dict(self) -> dict[str, Any]:
        """As data."""
        failure = None
        if self.error is not None:
            situation = Situation()
            failure = as_data(self.error, told(self.error, situation), exit_code(self.error), situation)
        value = None if self.value is None else data_of(self.value)
        return {"id": self.id, "result": self.state, "error": failure, "value": value}

    @property
    def said(self) -> str:
        """The error in a line."""
        if self.error is None:
            return ""
        found = told(self.error, Situation())
        return "; ".join([found.line, *(f"{name}: {said}" for name, said in found.details)])


_COLUMNS: Final[tuple[Column[Result], ...]] = (
    Column("ID", lambda result: result.id),
    Column("RESULT", lambda result: result.state, is_state=True),
    Column("ERROR", lambda result: result.said, flexible=True),
)


def ids_of(arguments: Sequence[str]) -> list[str]:
    """The ids that were given, each once; `-` stands for the first words of the lines on standard input.

    Raises:
        UsageError: there are none, or standard input is a terminal.
    """
    found: list[str] = []
    for argument in arguments:
        if argument != "-":
            found.append(argument)
            continue
        if sys.stdin is None or sys.stdin.isatty():  # pyright: ignore[reportUnnecessaryComparison]
            raise UsageError("- reads ids from standard input, which is a terminal: pipe them in")
        found += [line.split()[0] for line in sys.stdin if line.strip()]
    if not found:
        raise UsageError("standard input holds no ids")
    return list(dict.fromkeys(found))


def each(
    cli: Cli,
    arguments: Sequence[str],
    act: Callable[[str], Any],
    fields: Callable[[Any], Iterable[Field]] | None = None,
) -> None:
    """Do something with each id and print what became of it; one alone fails as any command does.

    Raises:
        typer.Exit: code 12, some failed.
    """
    if len(arguments) == 1 and arguments[0] != "-":
        value = act(arguments[0])
        if value is not None:
            cli.show(value, fields)
        elif cli.output is Format.TABLE and cli.jq is None:
            remark(f"done: {arguments[0]}")
        else:
            cli.show({"id": arguments[0], "result": "done"})
        return
    results = _worked(ids_of(arguments), act, jobs=cli.jobs, fail_fast=cli.fail_fast)
    show_results(cli, results)


def show_results(cli: Cli, results: Sequence[Result]) -> None:
    """Print what became of each id; `-o id` those alone that are done.

    Raises:
        typer.Exit: code 12, some failed.
    """
    failed = [result for result in results if result.state in {"failed", "skipped"}]
    shown = [one for one in results if one not in failed] if cli.output is Format.ID else results
    show_list(shown, _COLUMNS, cli.output, cli.select)
    if failed:
        skipped = sum(result.state == "skipped" for result in failed)
        told_skipped = f", {skipped} not tried" if skipped else ""
        remark(f"error: {len(failed) - skipped} of {len(results)} failed{told_skipped}")
        raise typer.Exit(Exit.BULK_FAILED)


def _worked(ids: Sequence[str], act: Callable[[str], Any], *, jobs: int, fail_fast: bool) -> list[Result]:
    """Every id's result, in the order of the ids."""
    waiting: SimpleQueue[str] = SimpleQueue()
    finished: SimpleQueue[Result] = SimpleQueue()
    stopped = threading.Event()
    for one in ids:
        waiting.put(one)

    def work() -> None:
        while not waiting.empty():
            try:
                one = waiting.get_nowait()
            except Exception:  # another thread was quicker
                return
            result = Result(one, "skipped") if stopped.is_set() else _tried(one, act)
            if fail_fast and result.state == "failed":
                stopped.set()
            finished.put(result)

    # Not a pool: its threads would be waited for after Ctrl-C.
    for _ in range(min(jobs, len(ids))):
        threading.Thread(target=work, daemon=True).start()
    results: dict[str, Result] = {}
    with _progress(len(ids)) as advance:
        while len(results) < len(ids):
            result = finished.get()
            results[result.id] = result
            advance()
    return [results[one] for one in ids]


def _tried(one: str, act: Callable[[str], Any]) -> Result:
    try:
        return Result(one, "done", act(one))
    except Exception as error:
        return Result(one, "failed", error=error)


@contextmanager
def _progress(total: int) -> Generator[Callable[[], None]]:
    """A bar on standard error, where that is a terminal."""
    if not is_progress_shown():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    bar = Progress(
        BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    )
    with bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


def confirmed(cli: Cli, what: str, arguments: Sequence[str], *, yes: bool, dry_run: bool) -> list[str] | None:
    """The ids, once somebody agrees to what shall be done to them; None after a dry run.

    Args:
        cli: the command's.
        what: is done, such as "delete task".
        arguments: ids as they were given.
        yes: `--yes`.
        dry_run: `--dry-run`.

    Raises:
        UsageError: nobody can be asked.
        CommandError: nobody agrees.
    """
    from .prompts import agrees, can_ask

    ids = ids_of(arguments)
    named = f"{what} {ids[0]}" if len(ids) == 1 else f"{what}s: {len(ids)} of them"
    if dry_run:
        show_results(cli, [Result(one, f"would {what}") for one in ids])
        return None
    if yes:
        return ids
    if not can_ask():
        raise UsageError(f"{named}: there is no terminal to ask at; --yes does it")
    if not agrees(f"{named}?"):
        raise CommandError("nothing was done", code=Exit.USAGE)
    return ids
