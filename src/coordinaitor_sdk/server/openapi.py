"""The published document (OpenAPI 3.1), built from the routes and what stands beside each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import models_json_schema

from coordinaitor_sdk.server.context import ACCESS, Access
from coordinaitor_sdk.server.domain.permissions import Permission
from coordinaitor_sdk.server.operations import Operation, operation_of
from coordinaitor_sdk.server.routes.api import api_routes
from coordinaitor_sdk.server.schemas.common import Query
from coordinaitor_sdk.server.wire import API_VERSION

PREFIX: Final = "/api/v1"
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_REFERENCE: Final = "#/components/schemas/{model}"

_ABOUT: Final = (
    "The CoordinAItor API as the reference server answers it. Everything is under `/api/v1` and, as in the "
    "document's shell examples, under `/api`, where `/auth/*` answers without the envelope."
)

_MEANINGS: Final = {
    200: "Done.",
    201: "Created.",
    204: "Done; there is nothing to say.",
    304: "What the caller has (`If-None-Match`) is still so.",
    400: "The request can't be read, or its query is wrong.",
    401: "No credential, or one that doesn't hold.",
    403: "The credential lacks the permission.",
    404: "There is no such thing in the caller's organization.",
    409: "The state of the resource forbids it.",
    413: "The body is too large.",
    422: "Fields of the body are wrong.",
    429: "Too many requests; `Retry-After` says when to come again.",
    503: "The database refused; nothing was changed.",
}

_HEADERS: Final = {
    "X-Request-Id": ("Names the request; equals `meta.requestId`.", {"type": "string"}),
    "X-RateLimit-Limit": ("Requests an hour.", {"type": "integer"}),
    "X-RateLimit-Remaining": ("What is left of them in the running hour.", {"type": "integer"}),
    "X-RateLimit-Reset": ("When that hour ends, in seconds since 1970.", {"type": "integer"}),
    "X-RateLimit-Window": ("Seconds of the window.", {"type": "integer"}),
    "X-RateLimit-Burst-Remaining": ("Requests that are possible at once now.", {"type": "integer"}),
    "ETag": ("Of `data`; for `If-None-Match`.", {"type": "string"}),
    "Retry-After": ("Seconds.", {"type": "integer"}),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route with one method, and all that is known of it.

    Attributes:
        path: below the prefix, with the document's names: `/tasks/{taskId}`.
        access: None where no credential is needed.
    """

    method: str
    path: str
    name: str
    about: str
    operation: Operation
    access: Access | None

    @property
    def keyed(self) -> bool:
        """Whether an `Idempotency-Key` counts."""
        return self.method == "POST" and self.access is not None

    @property
    def conditional(self) -> bool:
        """Whether it answers `If-None-Match`."""
        return self.method == "GET" and self.operation.form == "one"

    @property
    def failures(self) -> list[int]:
        """The statuses of its refusals."""
        found = {429, 503, *self.operation.failures}
        if self.operation.query is not None or self.keyed:
            found.add(400)
        if self.operation.body is not None or self.operation.upload is not None:
            found |= {400, 413, 422}
        if self.keyed:
            found |= {409, 422}
        if self.access is not None:
            found |= {401, 403} if self.access.permission or self.access.admin else {401}
        return sorted(found)


def endpoints() -> Iterator[Endpoint]:
    """The API's endpoints, in the order of the routes."""
    served = {(route.endpoint, method) for route in api_routes() for method in route.methods or ()}
    for route in api_routes():
        for method in sorted(route.methods or ()):
            name = route.endpoint.__name__
            if method == "PUT" and (route.endpoint, "PATCH") in served:
                name = name.replace("update", "replace")
            accesses = [ACCESS[part.call] for part in route.dependant.dependencies if part.call in ACCESS]
            yield Endpoint(
                method,
                _PARAMETER.sub(lambda found: f"{{{to_camel(found[1])}}}", route.path),
                name,
                (route.endpoint.__doc__ or "").strip(),
                operation_of(route.endpoint),
                accesses[0] if accesses else None,
            )


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    found = list(endpoints())
    schemas = _Schemas(found)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in found:
        paths.setdefault(PREFIX + endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "CoordinAItor API", "version": API_VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(endpoint) for endpoint in found)],
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": _security_schemes()},
    }


class _Schemas:
    """The schemas of all bodies and answers, each once."""

    def __init__(self, found: list[Endpoint]) -> None:
        models: dict[type[BaseModel], None] = {_failure(): None}
        for endpoint in found:
            for model in (endpoint.operation.body, endpoint.operation.query, framed(endpoint.operation)):
                if model is not None:
                    models[model] = None
        references, whole = models_json_schema(
            [(model, "validation") for model in models], ref_template=_REFERENCE
        )
        self._references = {model: references[model, "validation"] for model in models}
        self.components: dict[str, Any] = whole["$defs"]
        self._queries = {
            endpoint.operation.query: self._taken(endpoint.operation.query)
            for endpoint in found
            if endpoint.operation.query is not None
        }

    def of(self, model: type[BaseModel]) -> Any:
        """A reference to the schema of a body or an answer."""
        return self._references[model]

    def parameters(self, query: type[Query]) -> list[dict[str, Any]]:
        """The parameters of a query: lists are separated by commas."""
        properties: dict[str, Any] = self._queries[query].get("properties", {})
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "schema": _not_null(schema),
                **({"style": "form", "explode": False} if schema.get("type") == "array" else {}),
            }
            for name, schema in properties.items()
        ]

    def _taken(self, query: type[BaseModel]) -> dict[str, Any]:
        """A query's schema, which is shown as parameters instead."""
        name = self._references[query]["$ref"].rpartition("/")[2]
        return self.components.pop(name, None) or query.model_json_schema(ref_template=_REFERENCE)


def framed(operation: Operation) -> type[BaseModel] | None:
    """The schema of a whole good answer; None where it has no body."""
    # Models of answers are built only for those who ask for them: a start goes without.
    from coordinaitor_sdk.server.schemas import answers

    if operation.answer is None:
        return None
    data: type[BaseModel] = getattr(answers, operation.answer)
    match operation.form:
        case "page":
            return answers.Page[data]  # type: ignore[valid-type] # pyright: ignore[reportInvalidTypeArguments]
        case "list":
            return answers.Answer[list[data]]  # type: ignore[valid-type] # pyright: ignore[reportInvalidTypeArguments]
        case "bare":
            return data
        case _:
            return answers.Answer[data]  # type: ignore[valid-type] # pyright: ignore[reportInvalidTypeArguments]


def _failure() -> type[BaseModel]:
    from coordinaitor_sdk.server.schemas.answers import Failure

    return Failure


def _operation(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    operation = endpoint.operation
    parameters = [_path_parameter(name) for name in _PARAMETER.findall(endpoint.path)]
    if operation.query is not None:
        parameters += schemas.parameters(operation.query)
    if endpoint.conditional:
        parameters.append(_header_parameter("If-None-Match", {"type": "string"}))
    if endpoint.keyed:
        key = {"type": "string", "format": "idempotency-key"}
        parameters.append(_header_parameter("Idempotency-Key", key))
    described: dict[str, Any] = {
        "operationId": endpoint.name,
        "tags": [_tag(endpoint)],
        "summary": endpoint.about.partition("\n")[0],
        "description": _who(endpoint.access),
        "parameters": parameters,
        "responses": _responses(endpoint, schemas),
        "security": _security(endpoint.access),
    }
    body = _request_body(operation, schemas)
    return described | ({} if body is None else {"requestBody": body})


def _request_body(operation: Operation, schemas: _Schemas) -> dict[str, Any] | None:
    if operation.upload is not None:
        ((file, about),) = operation.upload.items()
        properties: dict[str, Any] = {file: {"type": "string", "format": "binary", "description": about}}
        if operation.fields is not None:
            texts: dict[str, Any] = operation.fields.model_json_schema().get("properties", {})
            properties |= {name: _not_null(schema) for name, schema in texts.items()}
        form = {"type": "object", "properties": properties, "required": [file], "additionalProperties": False}
        content: dict[str, Any] = {"schema": form}
        if operation.media_types:
            content["encoding"] = {file: {"contentType": ", ".join(operation.media_types)}}
        return {"required": True, "content": {"multipart/form-data": content}}
    if operation.body is None:
        return None
    content = {"application/json": {"schema": schemas.of(operation.body)}}
    return {"required": not operation.body_optional, "content": content}


def _responses(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    operation = endpoint.operation
    good = framed(operation)
    schema = None if good is None else schemas.of(good)
    responses = {str(operation.status): _response(operation.status, schema)}
    if endpoint.conditional:
        responses["304"] = _response(304, None)
    for status in endpoint.failures:
        if status == 503 and good is not None and status in operation.failures:
            either = {"anyOf": [schema, schemas.of(_failure())]}  # a health body, too, is an answer
            responses["503"] = _response(503, either)
        else:
            responses[str(status)] = _response(status, schemas.of(_failure()))
    if endpoint.conditional:
        for answer in (responses[str(operation.status)], responses["304"]):
            answer["headers"]["ETag"] = _header("ETag")
    return responses


def _response(status: int, schema: Any) -> dict[str, Any]:
    names = [name for name in _HEADERS if name.startswith("X-")] + (["Retry-After"] if status == 429 else [])
    told: dict[str, Any] = {
        "description": _MEANINGS[status],
        "headers": {name: _header(name) for name in names},
    }
    return told if schema is None else told | {"content": {"application/json": {"schema": schema}}}


def _header(name: str) -> dict[str, Any]:
    description, schema = _HEADERS[name]
    return {"description": description, "schema": schema}


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string", "format": f"{name.removesuffix('Id')}-id"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _header_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": schema}


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or not; it is never null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    kept = {name: value for name, value in schema.items() if name not in ("anyOf", "title")}
    if kept.get("default", ...) is None:
        del kept["default"]
    return kept | kinds[0] if len(kinds) == 1 else schema


def _tag(endpoint: Endpoint) -> str:
    return endpoint.path.split("/")[1]


def _who(access: Access | None) -> str:
    if access is None:
        return "Needs no credential."
    needed = f"Needs the permission `{access.permission}`" if access.permission else "Needs a credential"
    return f"{needed}; for admins only." if access.admin else f"{needed}."


def _security(access: Access | None) -> list[dict[str, list[str]]]:
    if access is None:
        return []
    scopes: list[str] = [access.permission] if access.permission else []
    return [{"bearer": []}, {"apiKey": []}, {"oauth": scopes}]


def _security_schemes() -> dict[str, Any]:
    scopes = {name: f"What needs `{name}`." for name in get_args(Permission)}
    flow = {"authorizationUrl": "/oauth/authorize", "tokenUrl": "/oauth/token", "scopes": scopes}
    return {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "oauth": {"type": "oauth2", "flows": {"authorizationCode": flow}},
    }
