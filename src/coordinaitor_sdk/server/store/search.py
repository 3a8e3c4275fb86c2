"""Full-text search over tasks, all of it: what is indexed, and how a query finds it.

SQLite's FTS5 with trigrams finds any part of a word. A term shorter than three characters has no trigram
and is looked for with LIKE.
"""

from __future__ import annotations

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    bindparam,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
)

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.sql import Sql, Statement

SHORTEST_INDEXED = 3
"""Characters in a trigram."""

_index = table("task_search", column("rowid"))
_ADD = Statement(
    text("INSERT INTO task_search (rowid, title, description) VALUES (:id, :title, :description)")
)
# The index doesn't hold the text: what is taken out must be said.
_DROP = Statement(
    text(
        "INSERT INTO task_search (task_search, rowid, title, description) "
        "VALUES ('delete', :id, :title, :description)"
    )
)


def _of_world(insert: str) -> Statement:
    """For the tasks of `world` that `other` doesn't have alike."""
    return Statement(
        text(
            f"{insert} t.search_id, t.title, t.description FROM tasks t WHERE t.world = :world "  # noqa: S608 - of literals
            "AND NOT EXISTS (SELECT 1 FROM tasks o WHERE o.world = :other AND o.search_id = t.search_id "
            "AND o.title = t.title AND o.description = t.description)"
        )
    )


_ADD_WORLD = _of_world("INSERT INTO task_search (rowid, title, description) SELECT")
_DROP_WORLD = _of_world("INSERT INTO task_search (task_search, rowid, title, description) SELECT 'delete',")


def add(sql: Sql, search_id: int, title: str, description: str) -> None:
    """Index a task."""
    sql.run(_ADD, id=search_id, title=title, description=description)


def drop(sql: Sql, search_id: int, title: str, description: str) -> None:
    """Take a task out of the index; title and description as they were indexed."""
    sql.run(_DROP, id=search_id, title=title, description=description)


def add_world(sql: Sql, world: str, but_for: str = "") -> None:
    """Index the tasks of a world, but for those that another has under the same number and text."""
    sql.run(_ADD_WORLD, world=world, other=but_for)


def drop_world(sql: Sql, world: str, but_for: str = "") -> None:
    """Take the tasks of a world out of the index, but for those that another has alike."""
    sql.run(_DROP_WORLD, world=world, other=but_for)


def split(query: str) -> tuple[list[str], list[str]]:
    """The terms of a query: those that the index knows, and the shorter ones.

    All must occur, in any order.
    """
    terms = list(dict.fromkeys(query.casefold().split()))
    return (
        [term for term in terms if len(term) >= SHORTEST_INDEXED],
        [term for term in terms if len(term) < SHORTEST_INDEXED],
    )


def indexed_condition() -> ColumnElement[bool]:
    """The condition on tasks whose parameter `match` is made by `match_value`."""
    found = select(_index.c.rowid).where(_matched)
    return tables.tasks.c.search_id.in_(found.scalar_subquery())


_matched = literal_column("task_search").op("MATCH")(bindparam("match"))
_IN_ALL_WORLDS = Statement(select(func.count()).select_from(_index).where(_matched))


def count_in_all_worlds(sql: Sql, match: str) -> int:
    """How many tasks of the whole database the index finds."""
    return int(sql.value(_IN_ALL_WORLDS, match=match))


def can_be_read(terms: list[str]) -> bool:
    """Whether `read_condition` tells of these terms what the index tells: LIKE folds ASCII alone."""
    return all(term.isascii() for term in terms)


def read_condition(parameter: str) -> ColumnElement[bool]:
    """The condition on tasks that their own text holds a term, whose parameter is made by `like_value`."""
    value: BindParameter[str] = bindparam(parameter)
    texts = (_folded(tables.tasks.c.title), _folded(tables.tasks.c.description))
    return or_(*(each.like(value, escape="\\") for each in texts))


def _folded(text_column: ColumnElement[str]) -> ColumnElement[str]:
    # The index also folds the two letters beyond ASCII whose lower or upper case is in it.
    for letter, folded in (("\u017f", "s"), ("\u212a", "k")):
        text_column = func.replace(text_column, literal(letter), literal(folded))
    return text_column


def match_value(terms: list[str]) -> str:
    """The indexed terms as an FTS5 query: each a quoted phrase, all of them."""
    return " AND ".join('"' + term.replace('"', '""') + '"' for term in terms)


def short_condition(parameter: str) -> ColumnElement[bool]:
    """The condition on tasks for one short term, whose parameter is made by `like_value`."""
    value: BindParameter[str] = bindparam(parameter)
    return or_(
        tables.tasks.c.title.like(value, escape="\\"), tables.tasks.c.description.like(value, escape="\\")
    )


def like_value(term: str) -> str:
    """A short term as a LIKE pattern, with its wildcards taken literally."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
