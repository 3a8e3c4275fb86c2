"""`coordinaitor demo`."""

from __future__ import annotations

import tempfile

import typer

from ..errors import Exit
from ..output import remark
from ..signals import unwinding

app: typer.Typer = typer.Typer(help="Show agents working six tasks, on a server of its own.")


@app.command("demo")
def demo() -> None:
    """Show agents working six tasks, on a server of its own.

    Starts the reference server on a free port with a temporary database, logs in, creates six tasks,
    assigns them and shows them live until all have ended; one of them fails, as part of the show. Takes
    about 15 seconds, and leaves nothing behind.
    """
    from coordinaitor_sdk.server.run import ServerOptions, ServerStartError, running

    from ..demonstration import alone, show

    try:
        with unwinding(), _temporary_folder() as folder:
            with alone(folder), running(ServerOptions(port=0, database=f"{folder}/demo.db")) as ready:
                remark(f"reference server at {ready.url}, with a temporary database")
                show(ready.url, ready.admin_email, ready.admin_password or "")
            remark("the server has ended; its database is removed")
    except ServerStartError as error:
        remark(f"error: {error}")
        raise typer.Exit(Exit.OTHER) from None


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    # On Windows a file may still be open for a moment after the server's end.
    return tempfile.TemporaryDirectory(prefix="coordinaitor-demo-", ignore_cleanup_errors=True)
