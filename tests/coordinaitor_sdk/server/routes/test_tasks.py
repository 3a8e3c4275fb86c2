"""Create, get, change, delete, assign and comment over HTTP."""

from __future__ import annotations

import pytest

from coordinaitor_sdk.server.schemas.answers import Answer, Comment, Task, TaskDetail

FULL = {
    "title": "Build user dashboard",
    "description": "Line one\n\tline two, ünïcode ✓",
    "priority": "high",
    "projectId": "proj-123",
    "agentId": "agent-456",
    "tags": ["frontend", "dashboard", "frontend"],
    "estimatedHours": 12,
    "dueDate": "2024-02-20T01:30:00.123456+01:30",
    "requirements": ["Responsive design"],
    "acceptanceCriteria": ["Loads within 2 seconds"],
}


def test_creation_answers_the_whole_task(api):
    """POST answers 201 with every field: what was given, what was counted, and the names beside the ids."""
    answer = api("POST", "/tasks", json=FULL)
    task = Answer[Task].model_validate_json(answer.content).data
    assert answer.status_code == 201
    assert task.status == "pending"
    assert task.version == 1
    assert task.tags == ["frontend", "dashboard"]
    assert task.due_date == "2024-02-20T00:00:00.123Z"
    assert task.description == FULL["description"]
    assert (task.progress, task.actual_hours) == (0, 0)
    assert task.created_by == "user-123"
    assert task.created_at == task.updated_at
    assert task.assigned_agent is not None
    assert task.assigned_agent.type == "qa"
    assert task.project is not None
    assert task.project.name == "E-commerce Platform"
    assert api.get(f"/tasks/{task.id}") == answer.json()["data"]


def test_creation_with_a_title_only_takes_the_defaults(api):
    """Only the title is required; priority is medium, lists are empty, the rest is null."""
    task = api.task(title="  Only a title  ")
    assert task["title"] == "Only a title"
    assert (task["priority"], task["tags"], task["projectId"], task["dueDate"]) == ("medium", [], None, None)


def test_ids_count_upwards_from_above_the_document(api):
    """Ids are numbered beyond those of the seeded examples."""
    first, second = (int(api.task()["id"].removeprefix("task-")) for _ in range(2))
    assert second == first + 1 > 1001


BAD_FIELDS = [
    ({}, "title", "Title is required"),
    ({"title": ""}, "title", "Title is required"),
    ({"title": " \t"}, "title", "Title is required"),
    ({"title": None}, "title", "Title must be a string"),
    ({"title": 5}, "title", "Title must be a string"),
    ({"title": "x" * 201}, "title", "Title must have at most 200 characters"),
    ({"title": "a\x1b[31m"}, "title", "Title must not contain control characters"),
    ({"title": "a\x85b"}, "title", "Title must not contain control characters"),
    (
        {"title": "a", "description": "a\x00"},
        "description",
        "Description must not contain control characters other than line feed and tab",
    ),
    (
        {"title": "a", "description": "x" * 20_001},
        "description",
        "Description must have at most 20000 characters",
    ),
    ({"title": "a", "priority": "urgent"}, "priority", "Priority must be one of: low, medium, high"),
    ({"title": "a", "priority": 1}, "priority", "Priority must be one of: low, medium, high"),
    ({"title": "a", "estimatedHours": -1}, "estimatedHours", "EstimatedHours must be at least 0"),
    ({"title": "a", "estimatedHours": "8"}, "estimatedHours", "EstimatedHours must be a number"),
    ({"title": "a", "estimatedHours": 1e6}, "estimatedHours", "EstimatedHours must be at most 100000"),
    ({"title": "a", "dueDate": "tomorrow"}, "dueDate", None),
    ({"title": "a", "dueDate": "2024-02-30T00:00:00Z"}, "dueDate", None),
    ({"title": "a", "dueDate": "2024-02-20"}, "dueDate", None),
    ({"title": "a", "dueDate": "2024-02-20T00:00:00"}, "dueDate", None),
    ({"title": "a", "dueDate": "0001-01-01T00:00:00+14:00"}, "dueDate", None),
    ({"title": "a", "dueDate": 5}, "dueDate", "DueDate must be a string"),
    ({"title": "a", "tags": "one"}, "tags", "Tags must be a list"),
    ({"title": "a", "tags": ["one,two"]}, "tags.0", None),
    ({"title": "a", "tags": [5]}, "tags.0", "Tags.0 must be a string"),
    ({"title": "a", "tags": ["x"] * 51}, "tags", "Tags must have at most 50 entries"),
    ({"title": "a", "status": "active"}, "status", "Status is not known"),
    ({"title": "a", "project_id": "proj-123"}, "project_id", "Project_id is not known"),
    ({"title": "a", "projectId": "proj-0"}, "projectId", "Project proj-0 does not exist"),
    ({"title": "a", "agentId": "agent-0"}, "agentId", "Agent agent-0 does not exist"),
    ([], "body", "Body must be an object"),
    ("x", "body", "Body must be an object"),
]


@pytest.mark.parametrize(("body", "field", "message"), BAD_FIELDS)
def test_creation_with_a_wrong_field_names_it_and_stores_nothing(api, body, field, message):
    """422 with the field and what is wrong with it; the number of tasks stays."""
    before = api("GET", "/tasks?limit=1").json()["pagination"]["total"]
    details = api.details("POST", "/tasks", json=body)
    assert list(details) == [field]
    if message is not None:
        assert details[field] == [message]
    assert api("GET", "/tasks?limit=1").json()["pagination"]["total"] == before


def test_creation_with_several_wrong_fields_names_all(api):
    """Every wrong field has its messages."""
    body = {"title": "", "priority": "urgent", "projectId": 1}
    assert set(api.details("POST", "/tasks", json=body)) == {"title", "priority", "projectId"}


def test_get_of_an_unknown_task_is_404(api):
    """404 NOT_FOUND names the id."""
    answer = api("GET", "/tasks/task-0")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert "task-0" in answer.json()["error"]["message"]


def test_get_with_include_adds_what_was_asked_for(api):
    """`include` adds comments, files, history and metrics, and nothing else does."""
    answer = api("GET", "/tasks/task-123?include=comments,files,history,metrics")
    task = Answer[TaskDetail].model_validate_json(answer.content).data
    assert [(c.id, c.content, c.author) for c in task.comments] == [
        ("comment-123", "Started working on the login component", "agent-789")
    ]
    assert [(h.id, h.action, h.from_, h.to, h.user) for h in task.history][-1] == (
        "history-123",
        "status_changed",
        "pending",
        "active",
        "agent-789",
    )
    assert (task.metrics.time_spent, task.metrics.completion_rate) == (3.5, 0.4)
    assert "comments" not in api.get("/tasks/task-123")
    assert "history" not in api.get("/tasks/task-123", include="comments")


def test_get_with_an_unknown_include_is_400(api):
    """An unknown value of `include` is refused, with the allowed ones."""
    details = api.details("GET", "/tasks/task-123?include=comments,secrets", 400)
    assert details == {"include": ["Include must be one of: comments, files, history, metrics"]}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_update_changes_the_given_fields_only(api, method):
    """PUT and PATCH alike leave what is not given; version goes up by one."""
    task = api.task(**FULL)
    answer = api(method, f"/tasks/{task['id']}", json={"title": "New", "tags": ["b"], "dueDate": None})
    changed = Answer[Task].model_validate_json(answer.content).data
    assert (changed.title, changed.tags, changed.due_date, changed.version) == ("New", ["b"], None, 2)
    kept = ("description", "priority", "projectId", "agentId", "estimatedHours", "requirements", "createdAt")
    assert {name: answer.json()["data"][name] for name in kept} == {name: task[name] for name in kept}


def test_update_that_differs_in_nothing_changes_nothing(api):
    """The version and the time of change stay when every given field has its value already."""
    task = api.task(**FULL)
    same = {name: task[name] for name in ("title", "priority", "status", "agentId", "tags", "dueDate")}
    assert api.patch(f"/tasks/{task['id']}", same) == task
    assert api.patch(f"/tasks/{task['id']}", {}) == task


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "in_progress"}, "status"),
        ({"progress": 1.5}, "progress"),
        ({"actualHours": -1}, "actualHours"),
        ({"title": ""}, "title"),
        ({"priority": None}, "priority"),
        ({"projectId": "proj-0"}, "projectId"),
        ({"version": 7}, "version"),
        ({"error": {"code": "A", "message": "b"}}, "error"),
    ],
)
def test_update_with_a_wrong_field_changes_nothing(api, body, field):
    """422 names the field, and nothing of the body is applied."""
    task = api.task()
    assert list(api.details("PATCH", f"/tasks/{task['id']}", json={"description": "new"} | body)) == [field]
    assert api.get(f"/tasks/{task['id']}") == task


def test_update_of_an_unknown_task_is_404(api):
    """404, whatever the body."""
    assert api("PATCH", "/tasks/task-0", json={"title": "x"}).status_code == 404


ALLOWED = {
    ("pending", "active"),
    ("pending", "completed"),
    ("pending", "failed"),
    ("pending", "cancelled"),
    ("active", "completed"),
    ("active", "failed"),
    ("active", "cancelled"),
}
STATES = ("pending", "active", "completed", "failed", "cancelled")


@pytest.mark.parametrize("new", STATES)
@pytest.mark.parametrize("old", STATES)
def test_status_follows_the_table_of_states(api, old, new):
    """Only the listed transitions happen; another one is 409; naming the state it has applies the other
    fields.
    """
    task = api.task()
    if old != "pending":
        task = api.patch(f"/tasks/{task['id']}", {"status": old})
    answer = api("PATCH", f"/tasks/{task['id']}", json={"status": new, "actualHours": 2.5})
    if old == new or (old, new) in ALLOWED:
        changed = answer.json()["data"]
        assert (changed["status"], changed["actualHours"]) == (new, 2.5)
        assert changed["version"] == task["version"] + 1
        assert (changed["completedAt"] is not None) == (new == "completed")
    else:
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "CONFLICT_ERROR"
        assert api.get(f"/tasks/{task['id']}") == task


def test_completed_task_has_full_progress(api):
    """Completion sets the progress to 1, and it stays there."""
    task = api.task()
    assert api.patch(f"/tasks/{task['id']}", {"status": "completed", "progress": 0.3})["progress"] == 1
    assert api.patch(f"/tasks/{task['id']}", {"progress": 0.3})["progress"] == 1


def test_history_records_what_changed_and_who_did_it(api):
    """Creation, assignment, state and each changed field are in the history, oldest first, with old and
    new value.
    """
    task = api.task(agentId="agent-123")
    api.patch(f"/tasks/{task['id']}", {"priority": "high", "tags": ["x"], "progress": 0.2})
    api.patch(f"/tasks/{task['id']}", {"status": "cancelled"})
    history = api.get(f"/tasks/{task['id']}", include="history")["history"]
    assert [(h["action"], h["field"], h["from"], h["to"]) for h in history] == [
        ("created", None, None, "pending"),
        ("assigned", None, None, "agent-123"),
        ("updated", "priority", "medium", "high"),
        ("updated", "tags", [], ["x"]),
        ("status_changed", None, "pending", "cancelled"),
    ]
    assert {h["user"] for h in history} == {"user-123"}


def test_assignment_gives_the_task_to_the_agent(api):
    """POST assign sets agent, priority and due date, in one change."""
    task = api.task()
    body = {"agentId": "agent-789", "priority": "high", "dueDate": "2030-02-20T00:00:00Z"}
    changed = api.post(f"/tasks/{task['id']}/assign", body)
    assert changed["assignedAgent"] == {
        "id": "agent-789",
        "name": "Senior Developer Bot",
        "type": "coding",
    }
    assert (changed["priority"], changed["dueDate"]) == ("high", "2030-02-20T00:00:00.000Z")
    assert (changed["version"], changed["status"]) == (2, "pending")


def test_assignment_without_or_with_an_unknown_agent_is_422(api):
    """The agent is required and must exist."""
    task = api.task()
    assert api.details("POST", f"/tasks/{task['id']}/assign", json={}) == {"agentId": ["AgentId is required"]}
    details = api.details("POST", f"/tasks/{task['id']}/assign", json={"agentId": "agent-0"})
    assert details == {"agentId": ["Agent agent-0 does not exist"]}


def test_assignment_of_a_finished_task_is_409(api):
    """What has ended isn't given to another agent, by assign or by PATCH."""
    task = api.task(agentId="agent-123")
    api.patch(f"/tasks/{task['id']}", {"status": "failed"})
    assert api("POST", f"/tasks/{task['id']}/assign", json={"agentId": "agent-456"}).status_code == 409
    assert api("PATCH", f"/tasks/{task['id']}", json={"agentId": None}).status_code == 409


def test_comment_is_added_and_leaves_the_version(api):
    """A comment answers 201, shows up under include, and doesn't change the task's version."""
    task = api.task()
    answer = api(
        "POST",
        f"/tasks/{task['id']}/comments",
        json={"content": "Great!\n", "mentions": ["user-456", "agent-123"]},
    )
    comment = Answer[Comment].model_validate_json(answer.content).data
    assert answer.status_code == 201
    assert (comment.author, comment.content, comment.mentions) == (
        "user-123",
        "Great!\n",
        ["user-456", "agent-123"],
    )
    after = api.get(f"/tasks/{task['id']}", include="comments")
    assert [c["id"] for c in after["comments"]] == [comment.id]
    assert after["version"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": " \n"}, "content"),
        ({"content": "x", "mentions": ["user-0"]}, "mentions"),
        ({"content": "x", "author": "agent-123"}, "author"),
    ],
)
def test_comment_that_is_wrong_is_refused(api, body, field):
    """422 names the field; the author is never taken from the body."""
    task = api.task()
    assert list(api.details("POST", f"/tasks/{task['id']}/comments", json=body)) == [field]


def test_comment_on_an_unknown_task_is_404(api):
    """404."""
    assert api("POST", "/tasks/task-0/comments", json={"content": "x"}).status_code == 404


def test_deletion_removes_the_task_and_its_comments(api):
    """DELETE answers 204 without a body; then the task is gone, and a second DELETE is 404."""
    task = api.task(title="Rhinoceros", tags=["gone"])
    api.post(f"/tasks/{task['id']}/comments", {"content": "x"})
    answer = api("DELETE", f"/tasks/{task['id']}?reason=No longer needed")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api("GET", f"/tasks/{task['id']}").status_code == 404
    assert api("DELETE", f"/tasks/{task['id']}").status_code == 404
    assert api("GET", "/tasks?search=rhinoceros").json()["data"] == []
    assert api("GET", "/tasks?tags=gone").json()["data"] == []


def test_seed_has_a_task_in_every_state(api):
    """The demo seed shows the document's task-123, and one task in each of the five states."""
    task = api.get("/tasks/task-123")
    assert (task["title"], task["status"], task["agentId"]) == (
        "Implement user authentication",
        "active",
        "agent-789",
    )
    assert (task["estimatedHours"], task["actualHours"], task["progress"]) == (8, 3.5, 0.4)
    seeded = ["task-123", "task-456", "task-789", "task-790", "task-791"]
    assert {api.get(f"/tasks/{name}")["status"] for name in seeded} == set(STATES)
