"""Projects: list, get, create, update, delete, their tasks and members."""

from __future__ import annotations

import json

import pytest
from websockets.sync.client import connect

from coordinaitor_sdk.server.schemas.answers import Answer, MemberOut, Page, Project, Push, Task

KEY = "ak_test-key"

BODY = {
    "name": "Mobile Application",
    "description": "Cross-platform mobile app for iOS and Android",
    "startDate": "2024-02-01T00:00:00Z",
    "endDate": "2024-06-30T23:59:59Z",
    "priority": "medium",
    "budget": {"hours": 500, "cost": 75000},
    "teamMembers": [
        {"userId": "user-123", "role": "project-manager"},
        {"userId": "user-456", "role": "developer", "permissions": ["tasks:read"]},
    ],
    "agents": ["agent-123", "agent-456"],
    "tags": ["mobile", "ios"],
}


def test_creation_answers_the_whole_project(api):
    """The document's body gives 201 and a project with counts of its own."""
    answer = api("POST", "/projects", json=BODY)
    project = Answer[Project].model_validate_json(answer.content).data
    assert answer.status_code == 201
    assert project.id.startswith("proj-")
    assert (project.status, project.team_size, project.assigned_agents) == ("active", 2, 2)
    assert project.end_date == "2024-06-30T23:59:59.000Z"
    assert project.budget is not None
    assert (project.budget.hours, project.budget.cost) == (500, 75000)
    assert [member.permissions for member in project.team_members] == [[], ["tasks:read"]]
    assert (project.task_count.total, project.progress) == (0, 0)
    assert api.get(f"/projects/{project.id}") == answer.json()["data"]


def test_counts_follow_the_tasks(api):
    """taskCount and progress are computed; cancelled tasks count in the total only."""
    project = api.post("/projects", {"name": "Counted"})
    rows = [{}, {"status": "active", "progress": 0.5}, {"status": "completed"}, {"status": "cancelled"}]
    for changes in rows:
        task = api.task(projectId=project["id"])
        api.patch(f"/tasks/{task['id']}", changes)
    found = api.get(f"/projects/{project['id']}")
    assert found["taskCount"] == {"total": 4, "completed": 1, "active": 1, "pending": 1}
    assert found["progress"] == 0.5


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"priority": "urgent"}, "priority"),
        ({"budget": {"hours": -1}}, "budget.hours"),
        ({"budget": 5}, "budget"),
        ({"teamMembers": [{"userId": "user-0", "role": "x"}]}, "teamMembers"),
        ({"teamMembers": [{"userId": "user-123"}]}, "teamMembers.0.role"),
        ({"teamMembers": [{"userId": "user-123", "role": "a"}] * 2}, "teamMembers"),
        ({"agents": ["agent-0"]}, "agents"),
        ({"endDate": "2024-01-01T00:00:00Z"}, "endDate"),
        ({"status": "archived"}, "status"),
        ({"startDate": "soon"}, "startDate"),
    ],
)
def test_wrong_field_is_422_and_stores_nothing(api, change, field):
    """The field is named, and no project appears."""
    before = api("GET", "/projects").json()["pagination"]["total"]
    assert list(api.details("POST", "/projects", json=BODY | change)) == [field]
    assert api("GET", "/projects").json()["pagination"]["total"] == before


def test_list_filters_by_status_text_and_member(api, unique):
    """All given filters must hold; newest first."""
    word = unique("Zebra")
    made = [
        api.post(
            "/projects", {"name": f"{word} one", "teamMembers": [{"userId": "user-789", "role": "dev"}]}
        ),
        api.post("/projects", {"name": "Two", "description": f"about {word.lower()} 100%"}),
    ]
    first, second = (project["id"] for project in made)

    def ids(**params):
        answer = api("GET", "/projects", params={"search": word} | params)
        return [project.id for project in Page[Project].model_validate_json(answer.content).data]

    assert ids() == [second, first]
    assert ids(memberId="user-789") == [first]
    assert ids(status="active", limit=1) == [second]
    assert ids(status="archived") == []
    assert ids(search=f"{word} 100%") == [second]
    assert ids(search=f"{word} _ne") == []
    assert list(api.details("GET", "/projects?status=done", 400)) == ["status"]


def test_get_of_an_unknown_project_is_404(api):
    """404 NOT_FOUND."""
    answer = api("GET", "/projects/proj-0")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_seed_has_the_documents_projects(api):
    """Three projects, with the tasks of the seed."""
    project = api.get("/projects/proj-456")
    assert project["name"] == "E-commerce Platform"
    assert {api.get(f"/projects/{name}")["status"] for name in ("proj-123", "proj-789")} == {"active"}


def project_of(answer, status=200):
    """The project of an answer, checked."""
    assert answer.status_code == status, answer.text
    return Answer[Project].model_validate_json(answer.content).data.model_dump(by_alias=True)


def make(api, **fields):
    """A new project."""
    return project_of(api("POST", "/projects", json={"name": "P"} | fields), 201)


def pushes(api, act, channel="projects", **filters):
    """What is pushed on a channel while `act` does something."""
    with connect(api.ws_url, additional_headers={"X-API-Key": KEY}) as raw:
        json.loads(raw.recv())
        raw.send(json.dumps({"type": "subscribe", "channel": channel, "filters": filters}))
        json.loads(raw.recv())
        act()
        raw.send(json.dumps({"type": "ping"}))
        found = []
        while (message := json.loads(raw.recv(5)))["type"] != "pong":
            schema = Push[Project] if channel == "projects" else Push[Task]
            found.append(schema.model_validate(message))
        return found


def told(found):
    """Name and version of what was pushed."""
    return [(push.type, push.data.version) for push in found]


def test_update_changes_the_fields_given(api):
    """Those left out stay; lists are replaced whole; the version counts; project.updated tells."""
    project = project_of(api("POST", "/projects", json=BODY), 201)
    changes = {
        "name": "New",
        "description": "",
        "budget": None,
        "endDate": None,
        "teamMembers": [{"userId": "user-789", "role": "lead", "permissions": ["tasks:write"]}],
        "agents": ["agent-789"],
        "tags": ["a"],
        "status": "on-hold",
    }
    path = f"/projects/{project['id']}"
    found = pushes(api, lambda: project_of(api("PUT", path, json=changes)), projectId=project["id"])
    assert told(found) == [("project.updated", 2)]
    after = api.get(path)
    counted = {"version": 2, "teamSize": 1, "assignedAgents": 1, "updatedAt": after["updatedAt"]}
    assert after == project | changes | counted
    assert after["updatedAt"] >= project["updatedAt"]
    assert found[0].data.model_dump(by_alias=True) == after


def test_update_that_changes_nothing_is_none(api):
    """Same values, or none: same version, no event."""
    project = project_of(api("POST", "/projects", json=BODY), 201)
    path = f"/projects/{project['id']}"
    same = [{}, BODY, {"status": "active"}, {"tags": ["mobile", "ios", "mobile"]}]
    assert pushes(api, lambda: [api("PUT", path, json=body) for body in same], projectId=project["id"]) == []
    assert api.get(path) == project


def test_completion_has_an_event_of_its_own(api):
    """project.completed follows project.updated, once; the version is the same."""
    project = make(api)
    path = f"/projects/{project['id']}"
    bodies = [{"status": "completed"}, {"status": "completed", "name": "Done"}, {"status": "archived"}]
    found = pushes(api, lambda: [api("PUT", path, json=body) for body in bodies], projectId=project["id"])
    assert told(found) == [
        ("project.updated", 2),
        ("project.completed", 2),
        ("project.updated", 3),
        ("project.updated", 4),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"description": None}, "description"),
        ({"status": "done"}, "status"),
        ({"priority": None}, "priority"),
        ({"budget": {"cost": "much"}}, "budget.cost"),
        ({"teamMembers": None}, "teamMembers"),
        ({"teamMembers": [{"userId": "user-0", "role": "x"}]}, "teamMembers"),
        ({"teamMembers": [{"userId": "user-123", "role": "a"}] * 2}, "teamMembers"),
        ({"agents": ["agent-123", "agent-0"]}, "agents"),
        ({"startDate": "2024-02-01T00:00:00Z", "endDate": "2024-01-01T00:00:00Z"}, "endDate"),
        ({"endDate": "2024-01-31T23:59:59Z"}, "endDate"),
        ({"startDate": "2024-07-01T00:00:00Z"}, "startDate"),
        ({"version": 7}, "version"),
        ({"createdBy": "user-456"}, "createdBy"),
    ],
)
def test_wrong_update_is_422_and_changes_nothing(api, change, field):
    """The field is named; dates are held against those that stay."""
    project = project_of(api("POST", "/projects", json=BODY), 201)
    path = f"/projects/{project['id']}"
    assert list(api.details("PUT", path, json=change)) == [field]
    assert api("PUT", path, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert api.get(path) == project


def test_tasks_of_a_deleted_project_stay(api):
    """204; each task is changed with an event and a history of its own, finished ones too."""
    project = make(api, teamMembers=[{"userId": "user-123", "role": "dev"}], agents=["agent-123"])
    tasks = [api.task(projectId=project["id"])["id"] for _ in range(2)]
    api.patch(f"/tasks/{tasks[1]}", {"status": "completed"})
    path = f"/projects/{project['id']}"
    last = api.get(path)

    def delete():
        assert api("DELETE", path).status_code == 204

    changed = pushes(api, delete, "tasks", taskId=tasks)
    assert [(push.type, push.data.id, push.data.project_id) for push in changed] == [
        ("task.updated", task, None) for task in tasks
    ]
    for task in tasks:
        found = api.get(f"/tasks/{task}", include="history")
        assert (found["projectId"], found["project"]) == (None, None)
        entry = found["history"][-1]
        assert (entry["field"], entry["from"], entry["to"]) == ("projectId", project["id"], None)
    assert last["taskCount"]["total"] == 2
    assert [api(method, path, json={}).status_code for method in ("PUT", "DELETE")] == [404, 404]
    assert api("GET", path).status_code == 404


def test_deletion_is_told_with_the_last_state(api):
    """project.deleted, its version one higher."""
    project = make(api)
    found = pushes(api, lambda: api("DELETE", f"/projects/{project['id']}"), projectId=project["id"])
    assert told(found) == [("project.deleted", 2)]
    assert found[0].data.name == project["name"]


def test_tasks_of_a_project_are_filtered_as_all_tasks(api):
    """Every parameter of GET /tasks but projectId."""
    project = make(api)
    path = f"/projects/{project['id']}/tasks"
    titles = ("Ape", "Bee", "Cat")
    made = [api.task(projectId=project["id"], title=title, tags=["x"])["id"] for title in titles]
    api.patch(f"/tasks/{made[0]}", {"status": "cancelled", "priority": "high"})
    api.task(title="Bee")

    def ids(query=""):
        page = Page[Task].model_validate_json(api("GET", path + query).content)
        return [task.id for task in page.data]

    assert ids() == made[::-1]
    assert ids("?sortBy=priority&sortOrder=asc") == [*made[1:], made[0]]
    assert ids("?status=cancelled&priority=high&tags=x&createdAfter=2020-01-01T00:00:00Z") == [made[0]]
    assert ids("?search=bee") == [made[1]]
    assert ids("?limit=2&page=2") == [made[0]]
    assert ids("?agentId=agent-123") == []
    for query in ("projectId=proj-123", "status=done", "limit=0", "search=a&search=b"):
        assert list(api.details("GET", f"{path}?{query}", 400)) == [query.partition("=")[0]]


def test_member_is_added_and_removed(api):
    """201 with the member, 204; each a change of the project."""
    project = make(api, teamMembers=[{"userId": "user-123", "role": "lead"}])
    path = f"/projects/{project['id']}"
    body = {"userId": "user-789", "role": "developer", "permissions": ["tasks:read", "tasks:write"]}

    def act():
        answer = api("POST", f"{path}/members", json=body)
        assert answer.status_code == 201
        assert Answer[MemberOut].model_validate_json(answer.content).data.model_dump(by_alias=True) == body
        assert api.get(path)["teamMembers"][1] == body
        assert project["id"] in [
            found["id"] for found in api("GET", "/projects?memberId=user-789&limit=100").json()["data"]
        ]
        assert api("DELETE", f"{path}/members/user-123").status_code == 204

    found = pushes(api, act, projectId=project["id"])
    assert told(found) == [("project.updated", 2), ("project.updated", 3)]
    assert [member.user_id for member in found[1].data.team_members] == ["user-789"]
    assert api.post(f"{path}/members", {"userId": "user-123", "role": "back"})["permissions"] == []
    assert [member["userId"] for member in api.get(path)["teamMembers"]] == ["user-789", "user-123"]


def test_member_twice_is_409_and_unknown_422(api):
    """And nobody's removal 404; nothing changes."""
    project = make(api, teamMembers=[{"userId": "user-123", "role": "lead"}])
    path = f"/projects/{project['id']}/members"
    twice = api("POST", path, json={"userId": "user-123", "role": "x"})
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "CONFLICT_ERROR")
    assert list(api.details("POST", path, json={"userId": "user-0", "role": "x"})) == ["userId"]
    assert api("DELETE", f"{path}/user-456").status_code == 404
    assert api.get(f"/projects/{project['id']}") == project


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "userId"),
        ({"userId": "user-456"}, "role"),
        ({"userId": 4, "role": "x"}, "userId"),
        ({"userId": "user-456", "role": ""}, "role"),
        ({"userId": "user-456", "role": "x", "permissions": None}, "permissions"),
        ({"userId": "user-456", "role": "x", "name": "y"}, "name"),
    ],
)
def test_wrong_member_is_422(api, body, field):
    """The field is named."""
    assert field in api.details("POST", "/projects/proj-123/members", json=body)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/tasks", None),
        ("POST", "/members", {"userId": "user-456", "role": "x"}),
        ("DELETE", "/members/user-456", None),
    ],
)
def test_unknown_project_is_404(api, method, path, body):
    """404 NOT_FOUND."""
    answer = api(method, f"/projects/proj-0{path}", **({} if body is None else {"json": body}))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
