"""The published document as a page to read: rendered here, without a script, without a foreign host."""

from __future__ import annotations

import json
from html import escape
from typing import Any


def docs_body(document: dict[str, Any]) -> str:
    """The page's HTML for an OpenAPI document of this server."""
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append((method, path, operation))
    names = "".join(f'<li><a href="#{escape(tag)}">{escape(tag)}</a></li>' for tag in by_tag)
    schemas = document["components"]["schemas"]
    return (
        f"<p>{escape(document['info']['description'])}</p>"
        f'<p><a href="/api/openapi.json">OpenAPI document</a></p>'
        f'<nav><ul>{names}<li><a href="#schemas">schemas</a></li></ul></nav>'
        + "".join(_group(tag, operations) for tag, operations in by_tag.items())
        + '<h2 id="schemas">schemas</h2>'
        + "".join(_schema(name, schemas[name]) for name in sorted(schemas))
    )


def _group(tag: str, operations: list[tuple[str, str, dict[str, Any]]]) -> str:
    return f'<h2 id="{escape(tag)}">{escape(tag)}</h2>' + "".join(_operation(*one) for one in operations)


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    name = escape(operation["operationId"])
    rows = [
        (f"<code>{escape(one['name'])}</code>", escape(one["in"]), _shape(one["schema"]))
        for one in operation["parameters"]
    ]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        rows.append(("body", escape(kind), _shape(content["schema"])))
    answers = [
        (
            f"<code>{escape(status)}</code>",
            escape(answer["description"]),
            "".join(_shape(content["schema"]) for content in answer.get("content", {}).values()),
        )
        for status, answer in operation["responses"].items()
    ]
    return (
        f'<h3 id="{name}"><a href="#{name}"><span class="method">{method.upper()}</span> '
        f"<code>{escape(path)}</code></a></h3>"
        f"<p>{escape(operation['summary'])}"
        f' <span class="muted">{escape(operation["description"])}</span></p>'
        + (_table(("takes", "where", "what"), rows) if rows else "")
        + _table(("answers", "when", "what"), answers)
    )


def _table(heads: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shape(schema: dict[str, Any]) -> str:
    """A schema in a few words; those with a name are linked."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_shape(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    kind = schema.get("format") or schema.get("type") or "anything"
    return escape(str(kind))


def _schema(name: str, schema: dict[str, Any]) -> str:
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    return f'<h3 id="schema-{escape(name)}">{escape(name)}</h3><pre>{escape(text)}</pre>'
