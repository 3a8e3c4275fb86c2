"""How the network is reached: proxy, certificates. One answer for REST and WebSocket alike."""

from __future__ import annotations

import os
import ssl
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from .._core.http import Secret
from .._core.lazy import lazy
from ..exceptions import ConfigurationError

ClientCert: TypeAlias = str | os.PathLike[str] | tuple[str | os.PathLike[str], str | os.PathLike[str]]
"""A PEM file with certificate and key, or a file each."""

_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class Network:
    """What was asked for, and what follows from the environment.

    Attributes:
        proxy: address of a proxy for everything; False for none, None for what the environment says.
        ssl_context: for TLS, instead of one of the library's.
        client_cert: what the client shows of itself.
    """

    proxy: str | Literal[False] | None = field(default=None, repr=False)
    ssl_context: ssl.SSLContext | None = None
    client_cert: ClientCert | None = None

    def __post_init__(self) -> None:
        if isinstance(self.proxy, str):
            _check_proxy(self.proxy, "proxy")
        if self.ssl_context is not None and self.client_cert is not None:
            raise ConfigurationError(
                "client_cert and ssl_context don't go together:"
                " load the certificate with ssl_context.load_cert_chain()"
            )

    @property
    def is_given(self) -> bool:
        """Whether the caller said anything about it."""
        return self.proxy is not None or self.ssl_context is not None or self.client_cert is not None

    def proxy_for(self, url: str) -> str | None:
        """The proxy on the way to `url`, or None; user name and password may be part of it.

        From the environment, where none was given: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`,
        in either case, and what macOS and Windows have set.

        Raises:
            ConfigurationError: its address can't be used.
        """
        if self.proxy is not None:
            return Secret(self.proxy) if self.proxy else None
        found = _from_environment(url)
        if found is None:
            return None
        _check_proxy(found, "the proxy in the environment")
        return Secret(found)

    def shown_proxy_for(self, url: str) -> str | None:
        """The same, without user name and password.

        Raises:
            ConfigurationError: its address can't be used.
        """
        found = self.proxy_for(url)
        if found is None:
            return None
        parts = urlsplit(found)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @lazy
    def tls(self) -> ssl.SSLContext:
        """The TLS context, made when first needed.

        Trusts what the system trusts and what certifi lists; with `SSL_CERT_FILE` or `SSL_CERT_DIR` those.

        Raises:
            ConfigurationError: a file of certificates can't be read.
        """
        if self.ssl_context is not None:
            return self.ssl_context
        named = [name for name in _CERTIFICATES if os.environ.get(name)]
        for name in named:
            if not Path(os.environ[name]).exists():
                raise ConfigurationError(f"{name} names {os.environ[name]}, which is not there")
        context = _context(named)
        if self.client_cert is not None:
            _show(context, self.client_cert)
        return context


def _context(named: list[str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or None)
    except OSError as error:
        raise ConfigurationError(
            f"SSL_CERT_FILE names {os.environ['SSL_CERT_FILE']}, which can't be read as PEM: {error}"
        ) from error
    if not named:
        import certifi

        context.load_verify_locations(certifi.where())
    elif "SSL_CERT_DIR" in named:
        context.load_verify_locations(capath=os.environ["SSL_CERT_DIR"])
    return context


def _show(context: ssl.SSLContext, client_cert: ClientCert) -> None:
    files = client_cert if isinstance(client_cert, tuple) else (client_cert, client_cert)
    try:
        # An empty password instead of a question at the terminal.
        context.load_cert_chain(files[0], files[1], password="")
    except OSError as error:
        shown = " and ".join(dict.fromkeys(map(str, files)))
        raise ConfigurationError(
            f"client_cert {shown} can't be read: {error.strerror or error};"
            " it must be PEM, its key without a password"
        ) from error


def _check_proxy(address: str, name: str) -> None:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        shown = address if "@" not in address else "its address"
        raise ConfigurationError(
            f"{name} must look like http://proxy.example.com:8080, which {shown!r} does not;"
            " for other kinds of proxies pass an http_client"
        )


def _from_environment(url: str) -> str | None:
    set_by_variable = any(name.lower().endswith("_proxy") and value for name, value in os.environ.items())
    if not set_by_variable and sys.platform not in {"darwin", "win32"}:
        return None  # as nearly always; what is imported below takes longer than a call
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    address = proxies.get(scheme) or proxies.get("all")
    if not address or proxy_bypass(f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""):
        return None
    return address if "://" in address else f"http://{address}"
