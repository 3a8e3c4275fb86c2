"""Reading what the fast path refused: odd values are taken out, the rest is validated, they are put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json

from ..models.common import field_name

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

Path = tuple[str | int, ...]
_ROOT: Path = ()
_NO_OBJECT = frozenset({"model_type", "model_attributes_type"})


def validate_leniently(adapter: TypeAdapter[T], raw: Any) -> T:
    """`raw` (parsed JSON) as the adapter's type, where values of unexpected types stay as they came.

    Raises:
        ValidationError: it fails as a whole: not the object or list that is expected.
    """
    odd: list[tuple[Path, Any]] = []
    while True:
        try:
            # As JSON, since only there a text may be a date.
            value = adapter.validate_json(to_json(raw, inf_nan_mode="constants"))
        except ValidationError as error:
            places = {_place(raw, one["loc"], one["type"]) for one in error.errors(include_url=False)}
            if _ROOT in places:
                raise
            raw = _without(raw, places, odd)
        else:
            break
    for path, original in reversed(odd):
        _put_back(value, path, original)
    return value


def _place(raw: Any, loc: Sequence[str | int], kind: str) -> Path:
    """The path of what must be taken out: the innermost field, or an item that is no object."""
    path: list[str | int] = []
    deepest: Path = _ROOT
    here: Any = raw
    for step in loc:
        if not _holds(here, step):
            break
        is_item = isinstance(here, list)
        here = here[step]
        path.append(step)
        if not is_item or kind in _NO_OBJECT:
            deepest = tuple(path)
    return deepest


def _holds(container: Any, step: str | int) -> bool:
    if isinstance(container, dict):
        return step in container
    return (
        isinstance(container, list) and isinstance(step, int) and step < len(cast("Sequence[Any]", container))
    )


def _without(raw: Any, places: set[Path], odd: list[tuple[Path, Any]]) -> Any:
    outermost = {path for path in places if not any(path[:n] in places for n in range(1, len(path)))}
    for path in outermost:
        raw, original = _taken_out(raw, path)
        odd.append((path, original))
    return raw


def _taken_out(here: Any, path: Path) -> tuple[Any, Any]:
    """A copy of `here` without the value at `path` (an item becomes an empty object), and that value."""
    step, rest = path[0], path[1:]
    copy: Any = here.copy()
    original: Any = copy[step]
    if rest:
        copy[step], original = _taken_out(original, rest)
    elif isinstance(here, list):
        copy[step] = {}
    else:
        del copy[step]
    return copy, original


def _put_back(value: Any, path: Path, original: Any) -> None:
    for step in path[:-1]:
        value = _fields(value)[_name(value, step)]
    name = _name(value, path[-1])
    _fields(value)[name] = original
    if isinstance(value, BaseModel):
        value.__pydantic_fields_set__.add(str(name))


def _fields(value: Any) -> Any:
    """What holds the values of a model, or a list or dict itself."""
    return vars(value) if isinstance(value, BaseModel) else value


def _name(value: Any, step: str | int) -> str | int:
    return (field_name(type(value), str(step)) or step) if isinstance(value, BaseModel) else step
