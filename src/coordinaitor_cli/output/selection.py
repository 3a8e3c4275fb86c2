"""Which part of the data is printed: `--fields`, then `--jq`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for; nothing asks for all.

    Attributes:
        fields: paths such as `id` and `assignedAgent.name`, in the wire's spelling or in Python's.
        jq: a jq program.
    """

    fields: tuple[str, ...] = ()
    jq: str | None = None

    @classmethod
    def of(cls, fields: str | None, jq: str | None) -> Selection:
        """From the options as they were typed.

        Raises:
            UsageError: `--fields` names none.
        """
        names = (
            tuple(name.strip() for name in fields.split(",") if name.strip()) if fields is not None else ()
        )
        if fields is not None and not names:
            raise UsageError("--fields names no field; such as --fields id,status")
        return cls(names, jq)

    def check(self, items: Sequence[Any], option: str = "--fields") -> None:
        """Refuse a field that neither the items nor their kind know: a typo must not look empty.

        Raises:
            UsageError: there is one.
        """
        found = [data_of(item) for item in items]
        if not found:
            return
        known = {name for item in found if isinstance(item, dict) for name in cast("dict[str, Any]", item)}
        known |= _declared(items[0])
        for path in self.fields:
            if not {path, *_spellings(path.split(".")[0])} & known:
                raise UsageError(f"{option}: there is no field {path}; there are {', '.join(sorted(known))}")

    def rows(self, item: Any) -> dict[str, Any]:
        """The selected fields of one item by their paths; None where it has no such field."""
        return {path: value_at(data_of(item), path) for path in self.fields}

    def data(self, item: Any) -> Any:
        """The item as JSON data, reduced to the selected fields."""
        return self.rows(item) if self.fields else data_of(item)


def data_of(item: Any) -> Any:
    """An item as JSON data: what the server sent."""
    data: Any = item.to_dict() if hasattr(item, "to_dict") else item
    return data


def value_at(value: Any, path: str) -> Any:
    """What stands at a dotted path, in either spelling; None where nothing does."""
    whole = _step(value, path)
    if whole is not _MISSING:
        return whole
    for name in path.split("."):
        value = _step(value, name)
        if value is _MISSING:
            return None
    return value


def _step(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        holder = cast("dict[str, Any]", value)
        return next((holder[spelled] for spelled in _spellings(name) if spelled in holder), _MISSING)
    found: list[Any] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] - JSON
    if name.isdigit() and int(name) < len(found):
        return found[int(name)]
    return _MISSING


def _spellings(name: str) -> tuple[str, str]:
    first, *others = name.split("_")
    return name, first + "".join(word.capitalize() for word in others)


def _declared(item: Any) -> set[str]:
    fields: dict[str, Any] = getattr(item.__class__, "model_fields", {})
    return {field.alias or name for name, field in fields.items()}


def run_jq(program: str, value: Any) -> Iterable[Any]:
    """What a jq program makes of `value`.

    Raises:
        UsageError: it is no program, does not fit the data, or jq is not installed.
    """
    from importlib import import_module

    try:
        jq = import_module("jq")
    except ImportError:
        raise UsageError("--jq needs another package, which Windows lacks: pip install jq") from None
    try:
        return cast("list[Any]", jq.compile(program).input_value(value).all())
    except ValueError as error:
        raise UsageError(f"--jq: {error}") from None
