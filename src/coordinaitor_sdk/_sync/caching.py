# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""The cache between a client and the network: hishel's (RFC 9111), with a time to live of the caller's."""

from __future__ import annotations

import sqlite3
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from .._runtime.threads import answer_store
from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    import httpx

    from .._core.cache import Cache


CREDENTIAL: Final = "coordinaitor.credential"
"""The extension of a request that holds the headers which authenticate it."""


def cached(transport: httpx.BaseTransport, cache: Cache, backend: str) -> httpx.BaseTransport:
    """A transport that gives kept answers again.

    Args:
        transport: reaches the network.
        cache: how answers are kept.
        backend: the HTTP library of the transport.

    Raises:
        ConfigurationError: hishel is not installed, or the file can't be used.
    """
    try:
        hishel = import_module(f"hishel.{backend}")
        storage = answer_store(_connection(cache), cache.max_bytes)
    except ImportError as error:
        raise ConfigurationError("cache= needs another package: pip install 'coordinaitor[cache]'") from error
    dated = cast("httpx.BaseTransport", _Lasting(transport, cache.ttl))
    kept: httpx.BaseTransport = hishel.CacheTransport(dated, storage=storage, rfc={"shared": False})
    return kept


def _connection(cache: Cache) -> sqlite3.Connection:
    if cache.path is None:
        return sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    path = Path(cache.path)
    try:
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            connection.execute("PRAGMA schema_version")
        except sqlite3.Error:
            connection.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"the cache {path} can't be used: {error}; name another file") from error
    return connection


class _Lasting:
    """Below the cache: adds the credential, which is not kept, and says of each answer to a GET how long it
    holds, where the server doesn't."""

    def __init__(self, transport: httpx.BaseTransport, ttl: int) -> None:
        self._transport = transport
        self._lifetime = f"private, max-age={ttl}"

    def handle_request(self, request: Any) -> Any:
        request.headers.update(request.extensions.get(CREDENTIAL, {}))
        response = self._transport.handle_request(request)
        if request.method == "GET" and response.status_code in {200, 304}:
            response.headers.setdefault("Cache-Control", self._lifetime)
        return response

    def close(self) -> None:
        self._transport.close()
