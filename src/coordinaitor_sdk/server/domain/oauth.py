"""The rules of OAuth 2 here: registered clients, redirects, scopes, proofs (RFC 6749, 7636, 8252)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from coordinaitor_sdk.server.domain.permissions import ALL

_ID: Final = re.compile(r"[\x21-\x39\x3b-\x7e]{1,100}", re.ASCII)
_URI: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/[\x21-\x7e]*", re.ASCII)
_SCRIPTS: Final = frozenset({"javascript", "data", "vbscript", "file"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class OAuthError(Exception):
    """A refusal in the terms of RFC 6749 (4.1.2.1, 5.2)."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. One without a secret is public."""

    id: str
    secret: str | None = field(repr=False)
    redirects: tuple[str, ...]

    def redirect_for(self, asked: str | None) -> str | None:
        """Where its codes go: what was asked for if it is registered, the registered one if nothing was
        asked for; None where that can't be told.
        """
        if asked is None:
            return self.redirects[0] if len(self.redirects) == 1 else None
        return asked if any(_is_same(asked, known) for known in self.redirects) else None

    def has_secret(self, given: str | None) -> bool:
        """Whether that is its secret, or neither has one."""
        if self.secret is None or given is None:
            return self.secret is None and given is None
        return hmac.compare_digest(self.secret.encode(), given.encode())


def parse_clients(options: Iterable[str]) -> dict[str, Client]:
    """The clients of options `ID[:SECRET]:REDIRECT`, by id; several of one client add redirects.

    Raises:
        ValueError: one can't be read, or a client has two secrets.
    """
    clients: dict[str, Client] = {}
    for option in options:
        found = _parsed(option)
        known = clients.get(found.id)
        if known is not None and known.secret != found.secret:
            raise ValueError(f"--oauth-client gives {found.id} two secrets")
        redirects = (*known.redirects, *found.redirects) if known is not None else found.redirects
        clients[found.id] = Client(found.id, found.secret, redirects)
    return clients


def _parsed(option: str) -> Client:
    client_id, _, rest = option.partition(":")
    # A redirect begins with a scheme and a slash; what is before the next colon otherwise is the secret.
    secret: str | None = None
    if _URI.fullmatch(rest) is None:
        secret, _, rest = rest.partition(":")
    matched = _URI.fullmatch(rest)
    if _ID.fullmatch(client_id) is None or secret == "" or matched is None:
        # The option is not shown: it may hold a secret.
        raise ValueError(
            "--oauth-client must be ID:REDIRECT or ID:SECRET:REDIRECT, with a REDIRECT like http://host/path"
        )
    if matched[1].lower() in _SCRIPTS or "#" in rest:
        raise ValueError(f"--oauth-client {client_id} can't redirect to {rest}: no fragments, no scripts")
    return Client(client_id, secret, (rest,))


def _is_same(asked: str, known: str) -> bool:
    """Exactly the same, but for the port of a loopback address (RFC 8252, 7.3)."""
    if asked == known:
        return True
    try:
        one, other = urlsplit(asked), urlsplit(known)
        _ = one.port, other.port
    except ValueError:
        return False
    if other.scheme != "http" or other.hostname not in _LOOPBACK or "@" in one.netloc:
        return False
    return (one.scheme, one.hostname, one.path, one.query, one.fragment) == (
        other.scheme,
        other.hostname,
        other.path,
        other.query,
        other.fragment,
    )


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """A request of a code that may be put before the user.

    Attributes:
        redirect_uri: as asked for; empty where nothing was.
        scope: the permissions asked for; None for all that the user has.
        challenge: of PKCE; None where it was not begun.
    """

    client: Client
    target: str
    redirect_uri: str
    scope: frozenset[str] | None
    state: str | None
    challenge: str | None

    def granted(self, permissions: frozenset[str]) -> frozenset[str]:
        """What a user who has `permissions` gives."""
        return permissions if self.scope is None else permissions & self.scope


def code_request(client: Client, target: str, given: Mapping[str, str]) -> CodeRequest:
    """The request that `given` makes; its client and redirect were looked at already.

    Raises:
        OAuthError: it can't be granted; the client is told so at its redirect.
    """
    if given.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code")
    challenge = given.get("code_challenge")
    if challenge is None and client.secret is None:
        raise OAuthError("invalid_request", "a client without a secret must send code_challenge (PKCE)")
    if challenge is not None:
        if given.get("code_challenge_method") != "S256":
            raise OAuthError("invalid_request", "code_challenge_method must be S256")
        if _CHALLENGE.fullmatch(challenge) is None:
            raise OAuthError("invalid_request", "code_challenge must be the base64url of a SHA-256")
    redirect_uri, scope = given.get("redirect_uri", ""), scope_of(given.get("scope"))
    return CodeRequest(client, target, redirect_uri, scope, given.get("state"), challenge)


def scope_of(text: str | None) -> frozenset[str] | None:
    """The permissions that a `scope` names; None where there is none.

    Raises:
        OAuthError: one of them doesn't exist.
    """
    names = frozenset((text or "").split())
    if not names:
        return None
    if unknown := sorted(names - ALL):
        raise OAuthError("invalid_scope", f"there is no permission {', '.join(unknown)}"[:200])
    return names


def proves(verifier: str | None, challenge: str | None) -> bool:
    """Whether a verifier belongs to the challenge that a code was asked for with (RFC 7636, 4.6).

    A verifier for a code without a challenge is refused too: somebody may have taken the challenge out.
    """
    if verifier is None or challenge is None:
        return verifier is None and challenge is None
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(digest, challenge)
