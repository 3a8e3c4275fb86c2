"""Projects: list, get, create."""

from __future__ import annotations

import pytest

from coordinaitor_sdk.server.schemas.answers import Answer, Page, Project

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
