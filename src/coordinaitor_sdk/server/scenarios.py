"""Reading a scenario from a file, so that what is wrong with it is told with its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from coordinaitor_sdk.server.run import ScenarioError
from coordinaitor_sdk.server.schemas.reading import says
from coordinaitor_sdk.server.schemas.scenario import MisfitError, Place, Scenario

LARGEST: Final = 1024 * 1024
"""Bytes of a file."""

MOST_TOLD: Final = 10
"""Problems of one file that are told."""

_Node: TypeAlias = yaml.Node


def read(path: Path) -> Scenario:
    """The scenario that a file holds.

    Raises:
        ScenarioError: it can't be read or is none; each problem is a line with file, line and field.
    """
    root, data = _parsed(path)
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    told = sorted({_located(root, problem) for problem in problems})
    lines = [f"{path}, line {line}: {field} {message}" for line, field, message in told[:MOST_TOLD]]
    if len(told) > MOST_TOLD:
        lines.append(f"{path}: and {len(told) - MOST_TOLD} more problems")
    raise ScenarioError("\n".join(lines))


def _parsed(path: Path) -> tuple[_Node, Any]:
    """The file's nodes, which know their lines, and its values."""
    text = _text(path)
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        if root is None:
            raise ScenarioError(f"{path}, line 1: the file is empty: it must begin with version: 1")
        _refuse_repetitions(path, root)
        return root, yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise ScenarioError(f"{path}, line {line}: this is not YAML: {error.problem or error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{path}, line 1: this is not YAML: {error}") from None


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{path}: can't be read ({error.strerror}): give a file that is there") from error
    if len(content) > LARGEST:
        raise ScenarioError(f"{path}: is larger than {LARGEST} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ScenarioError(f"{path}, line {line}: must be UTF-8") from None


def _refuse_repetitions(path: Path, root: _Node) -> None:
    """Names given twice, of which YAML would take the last, and references, of which a few make many."""
    seen: set[int] = set()
    for node, place in _walk(root, ()):
        if id(node) in seen:
            raise ScenarioError(f"{path}, line {_line(node)}: {_field(place)} must be written out, without *")
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, _ in node.value:
                name = str(key.value)
                if name in names:
                    field = _field((*place, name))
                    raise ScenarioError(f"{path}, line {_line(key)}: {field} must be given once")
                names.add(name)


def _walk(node: _Node, place: Place) -> Iterator[tuple[_Node, Place]]:
    # A reference back to what holds it would never end: whoever reads this stops at the first repetition.
    yield node, place
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _walk(value, (*place, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _walk(value, (*place, number))


def _located(root: _Node, problem: ErrorDetails) -> tuple[int, str, str]:
    """Line, field and message of a problem."""
    place, message = tuple(problem["loc"]), says(problem)
    misfit = problem.get("ctx", {}).get("error")
    if isinstance(misfit, MisfitError):
        place, message = misfit.place, misfit.says
    if problem["type"] == "string_type" and not isinstance(problem["input"], dict | list):
        message += ": put it in quotes"
    return _line_of(root, place), _field(place), message


def _line_of(node: _Node, place: Place) -> int:
    """The line of the field at that place; of what should hold it where it is missing."""
    line = _line(node)
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == part), None)
            if found is None:
                break
            line, node = _line(found[0]), found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = _line(node)
    return line


def _line(node: _Node) -> int:
    return int(node.start_mark.line) + 1


def _field(place: Place) -> str:
    """`tasks[0].steps[1].progress`; the whole file has no name."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or "the scenario"
