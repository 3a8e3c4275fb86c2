"""JSON as JavaScript writes it: `JSON.stringify(JSON.parse(text))` gives the same text again.

The API document's receiver checks a signature over exactly that (API document, "Signature Verification").
"""

from __future__ import annotations

import re
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final, cast

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_LARGEST_INDEX: Final = 2**32 - 2


def javascript_json(value: Any) -> str:
    """The text of a JSON value.

    Args:
        value: None, booleans, finite numbers, text, lists and string-keyed dicts of them.

    Raises:
        TypeError: there is something else in it.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(float(value))
        case str():
            return encode_basestring(value)
        case list():
            items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON
            return f"[{','.join(javascript_json(item) for item in items)}]"
        case dict():
            fields = _ordered(cast("dict[str, Any]", value)).items()
            inner = ",".join(f"{encode_basestring(key)}:{javascript_json(item)}" for key, item in fields)
            return f"{{{inner}}}"
        case _:
            raise TypeError(f"{type(value).__name__} is no JSON")


def _ordered(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields in JavaScript's order: array indices first, ascending, then the others as they came."""
    indices = sorted((key for key in fields if _is_index(key)), key=int)
    if not indices:
        return fields
    return {key: fields[key] for key in indices} | fields


def _is_index(key: str) -> bool:
    return _INDEX.fullmatch(key) is not None and int(key) <= _LARGEST_INDEX


def _number(value: float) -> str:
    """ECMAScript, "Number::toString": the same shortest digits as Python's, placed by other rules."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + cast("int", exponent)
    if 0 < point <= 21:
        shown = text + "0" * (point - len(text)) if point >= len(text) else f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        shown = f"0.{'0' * -point}{text}"
    else:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        shown = f"{text[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"-{shown}" if sign else shown
