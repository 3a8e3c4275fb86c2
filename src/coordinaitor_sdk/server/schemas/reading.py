"""Reading requests: bytes to a checked schema, or an error whose details name each field (API document,
"Error Handling").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from coordinaitor_sdk.server.errors import BadRequestError, ValidationFailedError

M = TypeVar("M", bound=BaseModel)

_JSON_TYPE = re.compile(r"application/([\w.+-]+\+)?json", re.IGNORECASE)


async def read_body(request: Request, schema: type[M]) -> M:
    """The JSON body of a request.

    Raises:
        BadRequestError: it is no JSON, or says that it is something else.
        ValidationFailedError: its fields are wrong.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if not _JSON_TYPE.fullmatch(kind):
        raise BadRequestError("The body must be JSON: send Content-Type: application/json")
    raw = await request.body()
    if not raw.strip():
        raise BadRequestError("The body is empty: a JSON object is needed")
    try:
        return schema.model_validate_json(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=True)
    if problems[0]["type"] == "json_invalid":
        reason = problems[0].get("ctx", {}).get("error", "it can't be read")
        raise BadRequestError(f"The body is not valid JSON: {reason}")
    raise ValidationFailedError(details_of(problems))


def read_query(request: Request, schema: type[M]) -> M:
    """The query of a request.

    Raises:
        BadRequestError: it can't be read, or its parameters are wrong.
    """
    raw: bytes = request.scope.get("query_string", b"")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        raise BadRequestError("The query can't be read: it must be percent-encoded UTF-8") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise BadRequestError("Validation failed", {name: [f"{label(name)} must be given once"]})
        given[name] = value
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    raise BadRequestError("Validation failed", details_of(problems, depth=1))


def details_of(problems: Iterable[ErrorDetails], depth: int | None = None) -> dict[str, list[str]]:
    """The messages of each field, as the document shows them: `{"title": ["Title is required"]}`.

    A field within a field is named with a dot: `budget.hours`, `tags.0`; `depth` cuts that.
    """
    details: dict[str, list[str]] = {}
    for problem in problems:
        name = ".".join(str(part) for part in problem["loc"][:depth]) or "body"
        message = f"{label(name)} {says(problem)}"
        messages = details.setdefault(name, [])
        if message not in messages:
            messages.append(message)
    return details


def label(name: str) -> str:
    """A field's name as messages begin."""
    return name[:1].upper() + name[1:]


_FIXED = {
    "missing": "is required",
    "extra_forbidden": "is not known",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "finite_number": "must be a finite number",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
}


def says(problem: ErrorDetails) -> str:
    """What a problem of a field is, to be read after its name."""
    kind = problem["type"]
    if kind in _FIXED:
        return _FIXED[kind]
    context: Mapping[str, Any] = problem.get("ctx", {})
    match kind:
        case "string_too_short":
            return (
                "is required"
                if context["min_length"] == 1
                else f"must have {context['min_length']} characters"
            )
        case "string_too_long":
            return f"must have at most {context['max_length']} characters"
        case "too_long":
            return f"must have at most {context['max_length']} entries"
        case "literal_error":
            return "must be one of: " + str(context["expected"]).replace("'", "").replace(" or ", ", ")
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}"
        case "less_than_equal":
            return f"must be at most {context['le']:,.10g}".replace(",", "")
        case "value_error":
            return str(context["error"])
        case _:
            return f"is wrong ({problem['msg']})"
