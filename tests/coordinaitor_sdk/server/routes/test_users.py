"""`/users`, over real sockets."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx
import pytest
from server_process import ServerProcess
from websockets.sync.client import connect

from coordinaitor_sdk.server.schemas.answers import Answer, Notification, Page, User

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
GIF = b"GIF89a" + b"\0" * 64


def add_user(server: ServerProcess, email: str, *options: str) -> str:
    """`coordinaitor server users add`; what it prints."""
    command = [sys.executable, "-c", "from coordinaitor_cli.commands.server import app; app()"]
    arguments = ["users", "add", "--email", email, "--database", str(server.database), *options]
    return subprocess.check_output([*command, *arguments], text=True, input="a password\n")


def signed_in(server: ServerProcess, email: str, password: str = "a password") -> httpx.Client:
    """Requests of a user."""
    body = {"email": email, "password": password}
    tokens = httpx.post(f"{server.url}/api/auth/login", json=body).raise_for_status().json()
    headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
    return httpx.Client(base_url=f"{server.url}/api/v1", headers=headers)


@pytest.fixture(scope="module")
def people(own_server):
    """A developer, a viewer and a second admin beside the seeded users."""
    for name, role in (("dora", "developer"), ("vera", "viewer"), ("ada", "admin")):
        add_user(
            own_server, f"{name}@example.com", "--role", role, "--password-stdin", "--name", name.title()
        )
    clients = {name: signed_in(own_server, f"{name}@example.com") for name in ("dora", "vera", "ada")}
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture
def dora(people):
    """Requests of the developer."""
    return people["dora"]


def me(client):
    """The profile of who asks."""
    return Answer[User].model_validate_json(client.get("/users/me").raise_for_status().content).data


def told(client, **params):
    """The notifications of who asks."""
    answer = client.get("/users/me/notifications", params=params).raise_for_status()
    return Page[Notification].model_validate_json(answer.content).data


class TestMe:
    def test_the_key_speaks_for_its_owner(self, api):
        """`GET /users/me` with an API key is the admin."""
        found = api.get("/users/me")
        assert (found["id"], found["email"], found["role"]) == ("user-123", "admin@orchestrator.com", "admin")
        assert (found["tier"], found["organizationId"], found["avatar"]) == ("enterprise", "org-456", None)

    def test_stats_count_what_happened(self, own, dora):
        """Tasks created, those of them completed, active projects of which the user is a member."""
        before = me(dora).stats
        made = [dora.post("/tasks", json={"title": "Mine"}).json()["data"]["id"] for _ in range(2)]
        dora.patch(f"/tasks/{made[0]}", json={"status": "completed"}).raise_for_status()
        own.post("/projects", {"name": "P", "teamMembers": [{"userId": me(dora).id, "role": "developer"}]})
        after = me(dora).stats
        assert after.tasks_created - before.tasks_created == 2
        assert after.tasks_completed - before.tasks_completed == 1
        assert after.projects_active - before.projects_active == 1

    def test_given_fields_are_changed_and_others_stay(self, dora):
        """Preferences are replaced whole."""
        dora.put("/users/me", json={"preferences": {"theme": "dark", "language": "de"}}).raise_for_status()
        answer = dora.put("/users/me", json={"name": "Dora D.", "preferences": {"theme": "light"}})
        found = Answer[User].model_validate_json(answer.raise_for_status().content).data
        assert (found.name, found.email, found.preferences) == (
            "Dora D.",
            "dora@example.com",
            {"theme": "light"},
        )
        assert me(dora) == found

    def test_the_new_email_is_the_one_to_log_in_with(self, own_server, people):
        """Without case; the old one is free again."""
        vera = people["vera"]
        assert vera.put("/users/me", json={"email": "Vera.New@Example.com"}).status_code == 200
        with signed_in(own_server, "vera.new@example.COM") as again:
            assert me(again).email == "vera.new@example.com"
        assert vera.put("/users/me", json={"email": "vera@example.com"}).status_code == 200

    @pytest.mark.parametrize("email", ["admin@orchestrator.com", "ADMIN@acme.example"])
    def test_an_email_in_use_is_409(self, dora, email):
        """Anywhere on the server; nothing is changed."""
        before = me(dora)
        answer = dora.put("/users/me", json={"email": email, "name": "Other"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT_ERROR")
        assert me(dora) == before

    def test_ones_own_email_is_no_conflict(self, dora):
        """In other case, too."""
        assert dora.put("/users/me", json={"email": "DORA@example.com"}).status_code == 200

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"email": "dora"}, "email"),
            ({"email": "a b@example.com"}, "email"),
            ({"email": "a@b"}, "email"),
            ({"name": " "}, "name"),
            ({"name": "a\u0007"}, "name"),
            ({"name": None}, "name"),
            ({"preferences": []}, "preferences"),
            ({"preferences": {"x": "y" * 70_000}}, "preferences"),
            ({"role": "admin"}, "role"),
            ({"tier": "enterprise"}, "tier"),
        ],
    )
    def test_wrong_fields_are_named(self, dora, body, field):
        """422, and nobody makes himself an admin."""
        before = me(dora)
        answer = dora.put("/users/me", json=body)
        assert answer.status_code == 422
        assert list(answer.json()["error"]["details"]) == [field]
        assert me(dora) == before


class TestList:
    def test_admins_see_everyone_of_their_organization(self, people):
        """By id, in pages."""
        answer = people["ada"].get("/users", params={"limit": 100})
        found = Page[User].model_validate_json(answer.raise_for_status().content).data
        ids = [user.id for user in found]
        assert {"user-123", "user-456", "user-789"} < set(ids)
        assert "user-201" not in ids
        assert ids == sorted(ids, key=lambda name: (len(name), name))

    def test_role_and_search_narrow_it(self, people):
        """In name and e-mail, without case; wildcards are letters."""
        ada = people["ada"]
        names = lambda **params: {user["name"] for user in ada.get("/users", params=params).json()["data"]}  # noqa: E731
        assert names(role="viewer") == {"Vera"}
        assert names(search="JANE.SMITH@") == {"Jane Smith"}
        assert names(search="smith jane") == {"Jane Smith"}
        assert names(search="%") == set()

    @pytest.mark.parametrize("name", ["dora", "vera"])
    def test_others_may_not(self, people, name):
        """403: the list is for admins."""
        answer = people[name].get("/users")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AUTHORIZATION_ERROR")


class TestAvatar:
    @pytest.mark.parametrize("field", ["avatar", "file"])
    def test_a_picture_is_found_at_the_users_address(self, dora, field):
        """Without a credential, as the kind that it is, whatever its name says."""
        answer = dora.post("/users/me/avatar", files={field: ("me.txt", PNG, "text/html")})
        found = Answer[User].model_validate_json(answer.raise_for_status().content).data
        shown = httpx.get(str(found.avatar))
        assert (shown.status_code, shown.content) == (200, PNG)
        assert shown.headers["content-type"] == "image/png"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert me(dora).avatar == found.avatar

    def test_another_picture_replaces_it(self, dora, own_server, eventually):
        """The one before is gone, from the disk too; given again it is back."""
        first = dora.post("/users/me/avatar", files={"avatar": ("a", PNG)}).json()["data"]["avatar"]
        second = dora.post("/users/me/avatar", files={"avatar": ("a", GIF)}).json()["data"]["avatar"]
        assert httpx.get(second).headers["content-type"] == "image/gif"
        assert httpx.get(first).status_code == 404
        folder = own_server.folder / "server.db.files" / "avatars" / "org-456"
        eventually(lambda: [path.name for path in folder.iterdir()] == [second.rpartition("/")[2]])
        third = dora.post("/users/me/avatar", files={"avatar": ("a", PNG)}).json()["data"]["avatar"]
        assert (third, httpx.get(third).content) == (first, PNG)

    @pytest.mark.parametrize("content", [b"<svg onload='x'/>", b"", b"\x89PNG"])
    def test_what_is_no_picture_is_422(self, dora, content):
        """And the avatar stays."""
        before = me(dora).avatar
        answer = dora.post("/users/me/avatar", files={"avatar": ("a.png", content, "image/png")})
        assert answer.status_code == 422
        assert list(answer.json()["error"]["details"]) == ["avatar"]
        assert me(dora).avatar == before

    def test_a_picture_over_five_megabytes_is_413(self, dora):
        """Told by its announced length."""
        answer = dora.post("/users/me/avatar", files={"avatar": ("a.png", PNG + b"\0" * (6 * 1024 * 1024))})
        assert answer.status_code == 413

    @pytest.mark.parametrize("path", ["/avatars/org-456/nobody.png", "/avatars/org-456/..%2f..%2fserver.db"])
    def test_an_address_without_a_picture_is_404(self, own_server, path):
        """Nothing else of the disk is shown."""
        assert httpx.get(own_server.url + path).status_code == 404


class TestNotifications:
    def test_a_mention_is_told_to_the_user_mentioned(self, own, people):
        """Agents and the author are told nothing; the newest comes first."""
        dora = people["dora"]
        task = own.task()["id"]
        mentions = [me(dora).id, "agent-123", "user-123"]
        own.post(f"/tasks/{task}/comments", {"content": "Look", "mentions": [*mentions, mentions[0]]})
        found = [one for one in told(dora) if one.task_id == task]
        assert [(one.type, one.read, one.read_at) for one in found] == [("mention", False, None)]
        assert found[0].message.startswith("Administrator mentioned you")
        assert not [one for one in told(own.http) if one.task_id == task]

    def test_the_creator_is_told_of_assignment_and_end(self, own, dora):
        """Of what others did, in the order in which it happened."""
        ids = [
            dora.post("/tasks", json={"title": "T", "projectId": "proj-123"}).json()["data"]["id"]
            for _ in "ab"
        ]
        for task, status in zip(ids, ("completed", "failed"), strict=True):
            own.post(f"/tasks/{task}/assign", {"agentId": "agent-123"})
            own.patch(f"/tasks/{task}", {"status": status})
        for task, status in zip(ids, ("completed", "failed"), strict=True):
            found = [one for one in reversed(told(dora)) if one.task_id == task]
            assert [one.type for one in found] == ["task_assigned", f"task_{status}"]
            assert {one.project_id for one in found} == {"proj-123"}
            assert "Senior React Developer" in found[0].message

    def test_nobody_is_told_of_what_he_did_himself(self, dora):
        """Assigned, mentioned and completed by oneself."""
        body = {"title": "T", "agentId": "agent-123"}
        task = dora.post("/tasks", json=body).json()["data"]["id"]
        dora.post(f"/tasks/{task}/assign", json={"agentId": "agent-456"}).raise_for_status()
        mention = {"content": "Me", "mentions": [me(dora).id]}
        dora.post(f"/tasks/{task}/comments", json=mention).raise_for_status()
        dora.patch(f"/tasks/{task}", json={"status": "completed"}).raise_for_status()
        assert [one for one in told(dora) if one.task_id == task] == []

    def test_a_new_member_is_told_once(self, own, dora):
        """At the creation of a project, by an addition, by an update: who was one already hears nothing."""
        member = {"userId": me(dora).id, "role": "developer"}
        made = own.post("/projects", {"name": "At creation", "teamMembers": [member]})["id"]
        added = own.post("/projects", {"name": "By addition"})["id"]
        own.post(f"/projects/{added}/members", member)
        updated = own.post("/projects", {"name": "By update"})["id"]
        for project in (made, updated):
            body = {"teamMembers": [{**member, "role": "reviewer"}]}
            assert own("PUT", f"/projects/{project}", json=body).status_code == 200
        found = [one for one in told(dora) if one.type == "project_member_added"]
        assert [one.project_id for one in found[:3]] == [updated, added, made]
        assert found[0].message == "You were added to the project “By update” as reviewer"

    def test_reading_one_is_kept(self, own, dora):
        """Doing it twice changes nothing; `unread` tells those that are left."""
        own.post(f"/tasks/{own.task()['id']}/comments", {"content": "x", "mentions": [me(dora).id]})
        newest = told(dora, unread="true")[0]
        first = dora.put(f"/users/me/notifications/{newest.id}/read").raise_for_status().json()["data"]
        second = dora.put(f"/users/me/notifications/{newest.id}/read").raise_for_status().json()["data"]
        assert (first["read"], first["readAt"] is not None, second) == (True, True, first)
        assert newest.id not in [one.id for one in told(dora, unread="true")]
        assert newest.id in [one.id for one in told(dora, unread="false")]

    def test_anothers_is_404(self, own, people):
        """To read and to mark."""
        dora, ada = people["dora"], people["ada"]
        own.post(f"/tasks/{own.task()['id']}/comments", {"content": "x", "mentions": [me(dora).id]})
        newest = told(dora)[0].id
        assert ada.put(f"/users/me/notifications/{newest}/read").status_code == 404
        assert told(dora)[0].read is False

    def test_a_viewer_may_mark_what_he_was_told(self, own, people):
        """It changes nothing but what is his own; a task he can't write."""
        vera = people["vera"]
        own.post(f"/tasks/{own.task()['id']}/comments", {"content": "x", "mentions": [me(vera).id]})
        assert vera.put(f"/users/me/notifications/{told(vera)[0].id}/read").status_code == 200
        assert vera.post("/tasks", json={"title": "x"}).status_code == 403


class TestRegistration:
    def test_a_running_server_notices_a_new_user(self, own_server, own):
        """The socket is told, and the user can log in."""
        with connect(own_server.ws_url, additional_headers={"X-API-Key": "ak_test-key"}) as raw:
            json.loads(raw.recv())
            raw.send(json.dumps({"type": "subscribe", "channel": "users"}))
            assert json.loads(raw.recv())["type"] == "subscribed"
            said = add_user(own_server, "Nina@example.com", "--tier", "pro", "--role", "viewer")
            while (push := json.loads(raw.recv(timeout=10)))["type"] == "heartbeat":
                continue
        user = User.model_validate(push["data"])
        assert push["type"] == "user.registered"
        assert (user.email, user.name, user.tier, user.role) == ("nina@example.com", "Nina", "pro", "viewer")
        password = said.splitlines()[1].removeprefix("password: ")
        with signed_in(own_server, "nina@example.com", password) as nina:
            assert me(nina).id == user.id

    def test_only_admins_hear_of_new_users(self, people, own_server):
        """The channel is refused to a developer."""
        headers = {"Authorization": people["dora"].headers["Authorization"]}
        with connect(own_server.ws_url, additional_headers=headers) as raw:
            raw.recv()
            raw.send(json.dumps({"type": "subscribe", "channel": "users", "id": "u"}))
            refused = json.loads(raw.recv())
            assert (refused["code"], refused["id"]) == ("AUTHORIZATION_ERROR", "u")

    def test_a_user_of_the_second_organization_belongs_there(self, own_server):
        """And sees its data alone."""
        add_user(own_server, "otto@acme.example", "--org", "org-123", "--role", "admin", "--password-stdin")
        with signed_in(own_server, "otto@acme.example") as otto:
            assert me(otto).organization_id == "org-123"
            assert {task["id"] for task in otto.get("/tasks").json()["data"]} == {"task-201", "task-202"}

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--email", "admin@orchestrator.com"], "in use on this server"),
            (["--email", "nobody"], "--email must be an e-mail address"),
            (["--email", "n@example.com", "--org", "org-9"], "org-123 (Acme Corp), org-456 (Globex)"),
            (["--email", "n@example.com", "--name", "\a"], "--name must have"),
            (["--email", "n@example.com", "--database", "/nowhere/x.db"], "there is no database"),
        ],
    )
    def test_what_cannot_be_added_is_one_line(self, own_server, own, options, says):
        """Exit code 1, and nobody is added."""
        before = own.http.get("/users").json()["pagination"]["total"]
        command = [sys.executable, "-c", "from coordinaitor_cli.commands.server import app; app()"]
        given = ["users", "add", "--database", str(own_server.database), *options]
        done = subprocess.run([*command, *given], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert says in done.stderr
        assert done.stderr.count("\n") == 1
        assert own.http.get("/users").json()["pagination"]["total"] == before
