"""Permissions of roles and keys."""

from __future__ import annotations

import pytest

from coordinaitor_sdk.server.domain.permissions import ALL, Principal, granted, require
from coordinaitor_sdk.server.errors import AuthorizationError


def test_key_never_has_more_than_its_owner():
    """What a key was given is limited to what its owner's role may."""
    assert granted("admin") == ALL
    assert granted("admin", ["tasks:read", "nonsense"]) == {"tasks:read"}
    assert granted("unknown role", ["tasks:read"]) == frozenset()


def test_missing_permission_is_named():
    """The error says which permission is needed."""
    reader = Principal("org-1", "user-1", frozenset({"tasks:read"}))
    require(reader, "tasks:read")
    with pytest.raises(AuthorizationError, match="tasks:write"):
        require(reader, "tasks:write")
