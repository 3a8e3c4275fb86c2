"""The organizations that seeds know: who is admin of each, and what it starts with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from coordinaitor_sdk.server.domain.permissions import ALL
from coordinaitor_sdk.server.seeds.acme import ACME
from coordinaitor_sdk.server.seeds.demo import GLOBEX
from coordinaitor_sdk.server.seeds.filling import Contents, fill
from coordinaitor_sdk.server.store import users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps
from coordinaitor_sdk.server.worlds import World, add_world

Seed = Literal["demo", "empty"]
"""With `empty` an organization has nothing but its admin."""


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization before it is stored; `contents` are those of the seed `demo`."""

    id: str
    name: str
    admin_id: str
    admin_email: str
    contents: Contents

    def further(self, world: World) -> Organization:
        """The same for another world: e-mails are unique on a server, and so get the world's id."""
        users = ((user_id, plus(email, world.id), name) for user_id, email, name in self.contents.users)
        return Organization(
            world.id,
            world.name,
            self.admin_id,
            plus(self.admin_email, world.id),
            replace(self.contents, users=tuple(users)),
        )


FIRST: Final = Organization("org-456", "Globex", "user-123", "admin@orchestrator.com", GLOBEX)
"""The default one; with the seed `empty` it is the only one."""

SECOND: Final = Organization("org-123", "Acme Corp", "user-201", "admin@acme.example", ACME)
SEEDED: Final[Sequence[Organization]] = (FIRST, SECOND)


def add_organization(change: Change, organization: Organization, seed: Seed, password_hash: str) -> Change:
    """Store the change's world, a new one, with its admin and what the seed says; the change, for what is to
    be added.
    """
    add_world(change.sql, change.world, change.stamp)
    users.add(change, _admin(organization, password_hash, change.stamp))
    if seed == "demo":
        fill(change, organization.admin_id, organization.contents)
    return change


def add_admin_key(change: Change, admin_id: str, name: str, digest: str) -> None:
    """Store an API key that may do everything, by its hash."""
    users.add_key(
        change,
        {
            "id": change.new_id("key"),
            "user_id": admin_id,
            "name": name,
            "hash": digest,
            "permissions": dumps(sorted(ALL)),
            "created_at": change.stamp,
        },
    )


def plus(email: str, world_id: str) -> str:
    """The e-mail of the same user in another world."""
    name, _, host = email.partition("@")
    return f"{name}+{world_id}@{host}"


def _admin(organization: Organization, password_hash: str, now: str) -> dict[str, str | None]:
    return {
        "id": organization.admin_id,
        "email": organization.admin_email,
        "name": "Administrator",
        "role": "admin",
        "tier": "enterprise",
        "password_hash": password_hash,
        "created_at": now,
        "last_login_at": None,
    }
