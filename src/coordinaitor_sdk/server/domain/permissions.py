"""What a caller may do: permissions of roles and of API keys (API document, "API Key Authentication")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from coordinaitor_sdk.server.errors import AuthorizationError

Permission = Literal[
    "tasks:read",
    "tasks:write",
    "agents:read",
    "agents:write",
    "projects:read",
    "projects:write",
    "users:read",
    "users:write",
    "system:read",
    "webhooks:write",
    "keys:write",
]
Role = Literal["admin", "developer", "viewer"]
Tier = Literal["free", "pro", "enterprise"]

ALL: Final[frozenset[str]] = frozenset(get_args(Permission))
ROLES: Final[dict[str, frozenset[str]]] = {
    "admin": ALL,
    "developer": ALL,
    "viewer": frozenset(name for name in ALL if name.endswith(":read")) | {"users:write"},
}
"""What each role may do; a role that is not listed may do nothing. Some routes are the admin's alone, and
`users:write` is about oneself.
"""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a user by a session, or an API key for its owner.

    Attributes:
        role: that of the user, an API key's owner too.
        expires_at: the moment from which the credential is refused, in seconds since 1970; None for API keys.
        tier: that of the user.
        rate_limit: requests an hour, where the key has a limit of its own; `burst` likewise.
    """

    world: str
    user_id: str
    permissions: frozenset[str]
    role: str = ""
    session_id: str | None = None
    key_id: str | None = None
    expires_at: float | None = None
    tier: Tier = "free"
    rate_limit: int | None = None
    burst: int | None = None


def granted(role: str, given: Iterable[str] | None = None) -> frozenset[str]:
    """The permissions of a role, limited to those given to a key."""
    of_role = ROLES.get(role, frozenset[str]())
    return of_role if given is None else of_role & frozenset(given)


def require(principal: Principal, permission: Permission) -> None:
    """Pass when the principal has the permission.

    Raises:
        AuthorizationError: it has not.
    """
    if permission not in principal.permissions:
        raise AuthorizationError(f"This needs the permission {permission}")


def require_admin(principal: Principal) -> None:
    """Pass when the caller is an admin, or the key of one.

    Raises:
        AuthorizationError: it is not.
    """
    if principal.role != "admin":
        raise AuthorizationError("This is for admins only")
