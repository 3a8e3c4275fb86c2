"""`client.users` against the real server, in both clients."""

import io
import subprocess
import sys
from uuid import uuid4

import pytest
from both import client

from coordinaitor_sdk.exceptions import (
    AuthorizationError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    ValidationFailedError,
)

pytestmark = pytest.mark.anyio
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@pytest.fixture(scope="session")
def dora(own_server):
    """A developer: e-mail and password."""
    command = "from coordinaitor_cli.commands.server import app; app()"
    options = ["--email", "dora@example.com", "--database", str(own_server.database), "--password-stdin"]
    subprocess.run(
        [sys.executable, "-c", command, "users", "add", *options], input=b"a password\n", check=True
    )
    return {"email": "dora@example.com", "password": "a password"}


@pytest.fixture
async def admin(kind, own_place):
    async with client(kind, own_place.url, api_key="ak_test") as api:
        yield api


@pytest.fixture
async def own(kind, own_place, dora):
    async with client(kind, own_place.url, **dora) as api:
        yield api


class TestList:
    async def test_it_is_filtered_and_paged(self, admin, dora):
        """By role, and by words in name and e-mail."""
        everyone = [user.id async for user in admin.users.list()]
        assert {"user-123", "user-456", "user-789"} <= set(everyone)
        assert [user.id async for user in admin.users.list(limit=2)] == everyone
        (found,) = await admin.users.list(search=dora["email"], role="developer").collect()
        assert (found.email, found.role, found.tier) == (dora["email"], "developer", "free")
        assert await admin.users.list(search=dora["email"], role="viewer").collect() == []

    async def test_it_is_for_admins(self, own):
        """403."""
        with pytest.raises(AuthorizationError):
            await own.users.list().first_page()


class TestProfile:
    async def test_it_is_changed(self, own, dora):
        """Preferences as a whole, their keys as they were given."""
        preferences = {"theme": "dark", "my_own": {"x_y": 1}, "notifications": {"email": True}}
        changed = await own.users.update_me(name=f"Dora {uuid4()}", preferences=preferences)
        me = await own.users.me()
        assert (me.id, me.name, me.email) == (changed.id, changed.name, dora["email"])
        assert me.preferences.to_dict() == preferences
        assert (me.preferences.theme, me.preferences.notifications.email) == ("dark", True)
        assert me.stats.tasks_created >= 0
        assert me.last_login_at is not None

    async def test_an_email_in_use_is_a_conflict(self, own, own_place):
        """409."""
        with pytest.raises(ConflictError):
            await own.users.update_me({"email": own_place.admin_email})

    @pytest.mark.parametrize("wrong", [{"name": ""}, {"email": None}])
    async def test_what_can_not_be_meant_is_refused_at_once(self, offline, wrong):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError):
            await offline.users.update_me(**wrong)

    @pytest.mark.parametrize("file", [PNG, io.BytesIO(PNG)], ids=["bytes", "file"])
    async def test_a_picture_is_kept(self, own, file):
        """The answer is the user, with its address."""
        if not isinstance(file, bytes):
            file.seek(0)
        user = await own.users.upload_avatar(file, filename="me.png")
        assert user.avatar.startswith("http")
        assert (await own.users.me()).avatar == user.avatar

    async def test_what_is_no_picture_is_refused(self, own):
        """422."""
        with pytest.raises(ValidationFailedError):
            await own.users.upload_avatar(b"text")


class TestNotifications:
    async def test_a_mention_is_told_and_read(self, admin, own):
        """Newest first; what is read stays so."""
        me = await own.users.me()
        task = await admin.tasks.create(title="x")
        for text in ("first", "second", "third"):
            await admin.tasks.add_comment(task.id, text, mentions=[me.id])
        told = await own.users.notifications(limit=2).collect(max_items=3)
        assert [(n.type, n.task_id, n.read, n.read_at) for n in told] == [
            ("mention", task.id, False, None)
        ] * 3
        read = await own.users.mark_notification_read(told[0].id)
        assert (read.id, read.read, read.read_at is None) == (told[0].id, True, False)
        unread = await own.users.notifications(unread=True, limit=2).collect(max_items=2)
        assert [n.id for n in unread] == [n.id for n in told[1:]]
        with pytest.raises(NotFoundError):
            await own.users.mark_notification_read("notification-none")
