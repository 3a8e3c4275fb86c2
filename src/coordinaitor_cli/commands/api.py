"""`coordinaitor api`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..context import Cli, command

app: typer.Typer = typer.Typer(help="Call any endpoint.")


@command(app, "api")
def api(
    cli: Cli,
    words: Annotated[
        list[str],
        typer.Argument(metavar="[METHOD] PATH", help="Such as /tasks; GET, or POST where a field is given."),
    ],
    typed: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            "-F",
            metavar="NAME=VALUE",
            help="true, null, 3, JSON, @FILE, else text; may be repeated.",
        ),
    ] = None,
    raw: Annotated[
        list[str] | None,
        typer.Option("--raw-field", "-f", metavar="NAME=VALUE", help="Text, as it stands; may be repeated."),
    ] = None,
    body: Annotated[
        str | None, typer.Option("--input", metavar="FILE", help="Send this JSON; - reads it.")
    ] = None,
    paginate: Annotated[
        bool, typer.Option("--paginate", help="Fetch all pages; print their items as one array.")
    ] = False,
    include: Annotated[
        bool, typer.Option("--include", "-i", help="Print status and headers before it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the curl command instead, secrets as variables.")
    ] = False,
) -> None:
    """Call any endpoint.

    The path is below the API prefix; what is printed is the answer. Fields go into the query of GET and
    DELETE, else into a JSON body.
    """
    from ..calls import as_curl, every_page, one_answer, the_call

    call = the_call(words, typed or [], raw or [], body)
    if dry_run:
        as_curl(cli, call)
    elif paginate:
        every_page(cli, call)
    else:
        one_answer(cli, call, include=include)
