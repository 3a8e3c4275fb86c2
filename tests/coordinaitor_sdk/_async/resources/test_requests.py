"""What every method sends: None as null, nothing for what is left out, pages on demand."""

import inspect
import json

import httpx
import pytest
import respx
from both import client
from contract import endpoints, query_parameters

from coordinaitor_sdk import NOT_GIVEN, AsyncCoordinaitor

pytestmark = pytest.mark.anyio
ORIGIN = "http://localhost:3000"

# Each method with the least that it must be given, the call that it makes, and the fields of its body.
CALLS = {
    "auth.login": (("a@b.c", "p"), "POST /auth/login", {"email", "password"}),
    "auth.refresh": (("r",), "POST /auth/refresh", {"refreshToken"}),
    "auth.logout": (("r",), "POST /auth/logout", {"refreshToken"}),
    "auth.create_api_key": (("n", ["tasks:read"]), "POST /auth/api-keys", {"name", "permissions"}),
    "tasks.list": ((), "GET /tasks", None),
    "tasks.create": (({"title": "x"},), "POST /tasks", {"title"}),
    "tasks.get": (("x",), "GET /tasks/{taskId}", None),
    "tasks.replace": (("x",), "PUT /tasks/{taskId}", set()),
    "tasks.update": (("x",), "PATCH /tasks/{taskId}", set()),
    "tasks.delete": (("x",), "DELETE /tasks/{taskId}", None),
    "tasks.assign": (("x", "agent-1"), "POST /tasks/{taskId}/assign", {"agentId"}),
    "tasks.add_comment": (("x", "c"), "POST /tasks/{taskId}/comments", {"content"}),
    "tasks.upload_file": (("x", b"x"), "POST /tasks/{taskId}/files", None),
    "agents.list": ((), "GET /agents", None),
    "agents.create": (({"name": "x", "type": "qa"},), "POST /agents", {"name", "type"}),
    "agents.get": (("x",), "GET /agents/{agentId}", None),
    "agents.update": (("x",), "PUT /agents/{agentId}", set()),
    "agents.enable": (("x",), "POST /agents/{agentId}/enable", None),
    "agents.disable": (("x",), "POST /agents/{agentId}/disable", set()),
    "agents.tasks": (("x",), "GET /agents/{agentId}/tasks", None),
    "agents.metrics": (("x",), "GET /agents/{agentId}/metrics", None),
    "projects.list": ((), "GET /projects", None),
    "projects.create": (({"name": "x"},), "POST /projects", {"name"}),
    "projects.get": (("x",), "GET /projects/{projectId}", None),
    "projects.update": (("x",), "PUT /projects/{projectId}", set()),
    "projects.delete": (("x",), "DELETE /projects/{projectId}", None),
    "projects.tasks": (("x",), "GET /projects/{projectId}/tasks", None),
    "projects.add_member": (("x", "user-1"), "POST /projects/{projectId}/members", {"userId", "role"}),
    "projects.remove_member": (("x", "x"), "DELETE /projects/{projectId}/members/{userId}", None),
    "users.list": ((), "GET /users", None),
    "users.me": ((), "GET /users/me", None),
    "users.update_me": ((), "PUT /users/me", set()),
    "users.upload_avatar": ((b"x",), "POST /users/me/avatar", None),
    "users.notifications": ((), "GET /users/me/notifications", None),
    "users.mark_notification_read": (("x",), "PUT /users/me/notifications/{notificationId}/read", None),
    "system.health": ((), "GET /system/health", None),
    "system.metrics": ((), "GET /system/metrics", None),
    "system.logs": ((), "GET /system/logs", None),
    "system.status": ((), "GET /system/status", None),
    "webhooks.create": (("http://h", ["task.created"]), "POST /webhooks", {"url", "events"}),
}
LISTS = [name for name in CALLS if name.endswith((".list", ".tasks", ".notifications"))]
MORE = {"tasks.upload_file": {"filename": "f"}, "projects.add_member": {"role": "developer"}}
WITH_BODY = [name for name, (_, _, fields) in CALLS.items() if fields is not None and "login" not in name]


@pytest.fixture
async def api(kind):
    async with client(kind, ORIGIN, access_token="a") as api:
        yield api


@pytest.fixture
def sent():
    """The requests that came; every answer serves for any of them."""
    requests = []

    def answered(request):
        requests.append(request)
        if request.method == "DELETE" or request.url.path.endswith("/logout"):
            return httpx.Response(204)
        is_list = requests[-1].method == "GET" and f"/{request.url.path.rpartition('/')[2]}" in {
            "/tasks", "/agents", "/projects", "/users", "/notifications", "/logs"
        }  # fmt: skip
        data = [{"id": f"{len(requests)}-{n}"} for n in range(20)] if is_list else {"accessToken": "b"}
        return httpx.Response(200, json={"success": True, "data": data})

    with respx.mock(base_url=ORIGIN, assert_all_called=False) as routes:
        routes.route().mock(side_effect=answered)
        yield requests


def method(api, name):
    resource, _, verb = name.partition(".")
    return getattr(getattr(api, resource), verb)


async def called(api, name, **more):
    """The method called with the least that it must be given, and `more`."""
    given = CALLS[name][0]
    if more and given and isinstance(given[-1], dict):  # a mapping or keywords, never both
        given, more = given[:-1], given[-1] | more
    return await method(api, name)(*given, **MORE.get(name, {}), **more)


def parameters(name):
    """The keywords of a method that may be left out, with the text of their types."""
    return {
        keyword: parameter.annotation
        for keyword, parameter in inspect.signature(method(CLIENT, name)).parameters.items()
        if parameter.default is NOT_GIVEN
    }


CLIENT = AsyncCoordinaitor(ORIGIN)


def test_every_endpoint_has_a_method():
    """And no method an endpoint of its own."""
    assert {call for _, call, _ in CALLS.values()} == {f"{verb} {path}" for verb, path in endpoints()}


@pytest.mark.parametrize("name", CALLS)
async def test_a_method_calls_its_endpoint_with_what_it_was_given_alone(api, sent, name):
    """Of what was left out nothing is sent."""
    _, call, fields = CALLS[name]
    await called(api, name)
    verb, path = call.split()
    (request,) = sent
    places = [piece for piece in path.split("/") if piece.startswith("{")]
    for place in places:
        path = path.replace(place, "x")
    assert (request.method, request.url.path, request.url.query) == (verb, f"/api/v1{path}", b"")
    if fields is not None:
        assert set(json.loads(request.content)) == fields


@pytest.mark.parametrize("name", WITH_BODY)
async def test_none_sends_null(api, sent, name):
    """For every field that takes None."""
    optional = [keyword for keyword, kind in parameters(name).items() if "None" in kind]
    for keyword in optional:
        await called(api, name, **{keyword: None})
        body = json.loads(sent[-1].content)
        wire = keyword.split("_")[0] + "".join(part.title() for part in keyword.split("_")[1:])
        assert set(body) == CALLS[name][2] | {wire}
        assert body[wire] is None


@pytest.mark.parametrize("call", query_parameters(), ids=lambda call: " ".join(call))
def test_every_documented_query_parameter_has_a_keyword(call):
    """In Python's spelling."""
    (name,) = [name for name, (_, made, _) in CALLS.items() if made == " ".join(call)]
    keywords = inspect.signature(method(CLIENT, name)).parameters
    spelled = {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in one) for one in query_parameters()[call]
    }
    assert spelled <= keywords.keys()


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_asks_for_a_page_once_a_second_one_is_wanted(api, sent, name):
    """The document gives not every list these parameters; a full page without a total has a successor."""
    pager = method(api, name)(*CALLS[name][0])
    pages = pager.pages()
    for _ in range(2):
        assert len(await anext(aiter(pages))) == 20
    assert [request.url.query for request in sent] == [b"", b"page=2"]


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_begins_and_counts_where_it_is_told(api, sent, name):
    """Both are sent where they are given."""
    await method(api, name)(*CALLS[name][0], page=3, limit=5).first_page()
    assert sent[0].url.query == b"page=3&limit=5"


class TestNestedBodies:
    """Objects within a body are in either spelling; free maps are sent as they are."""

    TEAM = ({"user_id": "u", "role": "r", "permissions": ["tasks:read"]}, {"userId": "u", "role": "r"})

    @pytest.mark.parametrize("verb", ["create", "update"])
    async def test_a_projects(self, api, sent, verb):
        """Budget and team."""
        named = {"name": "x"} if verb == "create" else {}
        fields = {"budget": {"hours": 1.5, "cost": 2}, "team_members": list(self.TEAM)}
        target = () if verb == "create" else ("p",)
        await getattr(api.projects, verb)(*target, **named, **fields)
        await getattr(api.projects, verb)(*target, named | fields)
        wire = [{"userId": "u", "role": "r", "permissions": ["tasks:read"]}, {"userId": "u", "role": "r"}]
        for request in sent:
            assert json.loads(request.content) == named | {"budget": fields["budget"], "teamMembers": wire}

    @pytest.mark.parametrize("verb", ["create", "update"])
    async def test_an_agents(self, api, sent, verb):
        """Working hours and configuration, whose keys are the caller's own."""
        named = {"name": "x", "type": "qa"} if verb == "create" else {}
        hours = {"timezone": "UTC", "start": "09:00", "end": "17:00", "days": ["monday"]}
        free = {"max_tokens": 1, "nested_map": {"a_b": None}}
        target = () if verb == "create" else ("a",)
        await getattr(api.agents, verb)(*target, **named, working_hours=hours, configuration=free)
        assert json.loads(sent[0].content) == named | {"workingHours": hours, "configuration": free}

    async def test_a_users(self, api, sent):
        """Preferences."""
        free = {"theme": "dark", "my_own": {"x_y": 1}, "notifications": {"email": True}}
        await api.users.update_me(preferences=free)
        assert json.loads(sent[0].content) == {"preferences": free}

    async def test_a_webhooks(self, api, sent):
        """Headers."""
        await api.webhooks.create("http://h", ["task.created"], headers={"X-My_Header": "1"})
        assert json.loads(sent[0].content)["headers"] == {"X-My_Header": "1"}
