"""Webhooks on the wire (API document, "Webhook Configuration")."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from coordinaitor_sdk.server.domain.webhooks import EventName
from coordinaitor_sdk.server.schemas.common import TEXT, Plain, Strict, published

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,998}[\x21-\x7e])?", re.ASCII)
_VALUES = {"type": "string", "maxLength": 1_000, "pattern": f"^({_VALUE.pattern})?$"}
_OURS = frozenset(
    {"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection"}
    | {"keep-alive", "upgrade", "te", "trailer", "expect", "proxy-connection"}
)


def _web_address(value: str) -> str:
    try:
        url = urlsplit(value)
        host, port = url.hostname, url.port
    except ValueError:
        host, port, url = None, None, urlsplit("")
    if url.scheme not in ("http", "https") or not host or port == 0 or not value.isascii():
        raise ValueError("must be an address like https://your-app.com/webhook")
    if url.username is not None or url.password is not None:
        raise ValueError("must not contain a user or password: deliveries are signed")
    return value


def _headers(value: dict[str, str]) -> dict[str, str]:
    for name, content in value.items():
        if _TOKEN.fullmatch(name) is None:
            raise ValueError(f"has a name that no header can have: {name[:100]!r}")
        if name.lower() in _OURS or name.lower().startswith("x-orchestrator-"):
            raise ValueError(f"must not contain {name}: the delivery sets it itself")
        if content and _VALUE.fullmatch(content) is None:
            raise ValueError(f"has a value for {name} that is not printable ASCII of up to 1000 characters")
    if len({name.lower() for name in value}) < len(value):
        raise ValueError("names a header twice")
    return value


WebAddress = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2_000),
    Plain,
    AfterValidator(_web_address),
    WithJsonSchema({"type": "string", "format": "web-address"}),
]
_Secret = Annotated[str, StringConstraints(min_length=1, max_length=200), Plain, published(pattern=TEXT)]


class WebhookCreate(Strict):
    """The body of `POST /webhooks`."""

    url: WebAddress
    events: Annotated[list[EventName], Field(min_length=1, max_length=50)]
    secret: _Secret | None = None
    active: bool = True
    headers: Annotated[
        dict[str, str],
        Field(max_length=20),
        AfterValidator(_headers),
        published(propertyNames={"format": "header-name"}, additionalProperties=_VALUES),
    ] = Field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """The body by its wire names, defaults filled in."""
        return self.model_dump(by_alias=True)

    @property
    def address(self) -> str | None:
        """The address that the URL names, where it names one and not a host."""
        host = urlsplit(self.url).hostname or ""
        try:
            return str(ip_address(host.partition("%")[0]))
        except ValueError:
            return None
