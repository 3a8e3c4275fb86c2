"""The list of tasks: filters, search, sort, pages."""

from __future__ import annotations

import pytest

from coordinaitor_sdk.server.schemas.answers import Page, Task


@pytest.fixture(scope="module")
def marked(api):
    """Five tasks that only their tag `listed` has in common, by name."""
    made = {}
    rows = {
        "one": {"priority": "low", "dueDate": "2030-03-01T00:00:00Z", "tags": ["listed", "red"]},
        "two": {"priority": "high", "tags": ["listed", "red", "green"], "projectId": "proj-789"},
        "three": {"priority": "medium", "dueDate": "2030-01-01T00:00:00Z", "agentId": "agent-123"},
        "four": {
            "priority": "high",
            "dueDate": "2030-02-01T00:00:00Z",
            "description": "Okapi in the ZOO, 100%_x",
        },
        "five": {"priority": "low", "tags": ["listed"], "projectId": "proj-789", "agentId": "agent-123"},
    }
    for name, fields in rows.items():
        made[name] = api.task(**{"title": f"Listed {name}", "tags": ["listed"]} | fields)
    for name, status in {"two": "active", "four": "completed"}.items():
        made[name] = api.patch(f"/tasks/{made[name]['id']}", {"status": status})
    return made


def names(api, marked, **params):
    """Which of the marked tasks the list gives, in its order."""
    params.setdefault("tags", "listed")
    answer = api("GET", "/tasks", params=params)
    page = Page[Task].model_validate_json(answer.content)
    by_id = {task["id"]: name for name, task in marked.items()}
    assert page.pagination.total == len(page.data)
    return [by_id[task.id] for task in page.data]


def test_list_without_a_sort_is_newest_first(api, marked):
    """createdAt, descending."""
    assert names(api, marked) == ["five", "four", "three", "two", "one"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "pending"}, {"one", "three", "five"}),
        ({"status": "active"}, {"two"}),
        ({"status": "cancelled"}, set()),
        ({"priority": "high"}, {"two", "four"}),
        ({"projectId": "proj-789"}, {"two", "five"}),
        ({"projectId": "proj-0"}, set()),
        ({"agentId": "agent-123"}, {"three", "five"}),
        ({"projectId": "proj-789", "agentId": "agent-123"}, {"five"}),
        ({"tags": "listed,red"}, {"one", "two"}),
        ({"tags": " red , green ,,"}, {"two"}),
        ({"tags": "listed,re"}, set()),
        ({"search": "okapi"}, {"four"}),
        ({"search": "OKAPI zoo"}, {"four"}),
        ({"search": "kap"}, {"four"}),
        ({"search": "okapi lion"}, set()),
        ({"search": "zo"}, {"four"}),
        ({"search": "okapi zo"}, {"four"}),
        ({"search": "%_"}, {"four"}),
        ({"search": "100%_x"}, {"four"}),
        ({"search": '"okapi" OR'}, set()),
        ({"search": "listed two"}, {"two"}),
        ({"search": "'; DROP TABLE tasks; --"}, set()),
        ({"search": ""}, {"one", "two", "three", "four", "five"}),
        ({"status": "active", "priority": "high", "search": "listed", "projectId": "proj-789"}, {"two"}),
    ],
)
def test_list_gives_what_passes_every_filter(api, marked, params, expected):
    """All given filters must hold; tags all of them; each term of a search somewhere in title or
    description.
    """
    assert set(names(api, marked, **params)) == expected


def test_dates_exclude_the_moment_itself(api, marked):
    """createdAfter and createdBefore are exclusive, and take any offset."""
    third = marked["three"]["createdAt"]
    assert names(api, marked, createdAfter=third) == ["five", "four"]
    assert names(api, marked, createdBefore=third) == ["two", "one"]
    assert names(api, marked, createdAfter=third, createdBefore=marked["five"]["createdAt"]) == ["four"]
    assert names(api, marked, createdAfter="2020-01-01T00:00:00+02:00", createdBefore=third) == ["two", "one"]


@pytest.mark.parametrize(
    ("sort_by", "order", "expected"),
    [
        ("createdAt", "asc", ["one", "two", "three", "four", "five"]),
        ("createdAt", "desc", ["five", "four", "three", "two", "one"]),
        ("updatedAt", "asc", ["one", "three", "five", "two", "four"]),
        ("updatedAt", "desc", ["four", "two", "five", "three", "one"]),
        ("priority", "asc", ["one", "five", "three", "two", "four"]),
        ("priority", "desc", ["four", "two", "three", "five", "one"]),
        ("dueDate", "asc", ["three", "four", "one", "two", "five"]),
        ("dueDate", "desc", ["one", "four", "three", "five", "two"]),
    ],
)
def test_sort_orders_by_value_with_empty_dates_last(api, marked, sort_by, order, expected):
    """Priority is low < medium < high; tasks without a due date come last both ways; ties go by id."""
    assert names(api, marked, sortBy=sort_by, sortOrder=order) == expected


def test_pages_are_disjoint_and_complete(api, marked):
    """Each task is on exactly one page; the last knows that it is the last."""
    seen = []
    for page in (1, 2, 3):
        answer = api("GET", f"/tasks?tags=listed&sortBy=priority&limit=2&page={page}")
        body = Page[Task].model_validate_json(answer.content)
        assert (body.pagination.total, body.pagination.pages, body.pagination.limit) == (5, 3, 2)
        assert (body.pagination.has_next, body.pagination.has_prev) == (page < 3, page > 1)
        seen += [task.id for task in body.data]
    assert sorted(seen) == sorted(task["id"] for task in marked.values())


def test_links_lead_to_the_other_pages(api, marked):
    """Links keep the filters and the prefix of the request; following `next` reaches every page."""
    answer = api("GET", "/tasks", params={"tags": "listed", "search": "listed", "limit": 2}).json()
    assert answer["links"]["first"] == "/api/v1/tasks?tags=listed&search=listed&page=1&limit=2"
    assert answer["links"]["last"] == "/api/v1/tasks?tags=listed&search=listed&page=3&limit=2"
    assert answer["links"]["prev"] is None
    found = [task["id"] for task in answer["data"]]
    while answer["links"]["next"]:
        answer = api.http.get(api.url + answer["links"]["next"]).json()
        found += [task["id"] for task in answer["data"]]
    assert len(set(found)) == 5
    assert answer["links"]["prev"] == "/api/v1/tasks?tags=listed&search=listed&page=2&limit=2"


def test_page_beyond_the_last_is_empty(api, marked):
    """It is no error; the total stays true."""
    body = api("GET", "/tasks?tags=listed&page=1000000000&limit=100").json()
    assert (body["data"], body["pagination"]["total"], body["pagination"]["hasNext"]) == ([], 5, False)
    assert body["links"]["prev"] == "/api/v1/tasks?tags=listed&page=1&limit=100"


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        (
            "status=in_progress",
            "status",
            "Status must be one of: pending, active, completed, failed, cancelled",
        ),
        ("status=", "status", "Status must be one of: pending, active, completed, failed, cancelled"),
        ("priority=critical", "priority", "Priority must be one of: low, medium, high"),
        ("sortBy=title", "sortBy", "SortBy must be one of: createdAt, updatedAt, priority, dueDate"),
        ("sortOrder=up", "sortOrder", "SortOrder must be one of: asc, desc"),
        ("page=0", "page", "Page must be at least 1"),
        ("page=-1", "page", "Page must be at least 1"),
        ("page=99999999999999999999", "page", "Page must be a whole number"),
        ("page=1.5", "page", "Page must be a whole number"),
        ("page=", "page", "Page must be a whole number"),
        ("limit=0", "limit", "Limit must be at least 1"),
        ("limit=101", "limit", "Limit must be at most 100"),
        ("limit=ten", "limit", "Limit must be a whole number"),
        ("createdAfter=yesterday", "createdAfter", None),
        ("createdAfter=2024-01-01T00:00:00", "createdAfter", None),
        ("search=a%00b", "search", "Search must not contain control characters"),
        ("search=" + "x" * 201, "search", "Search must have at most 200 characters"),
        ("state=active", "state", "State is not known"),
        ("page=1&page=2", "page", "Page must be given once"),
    ],
)
def test_wrong_parameter_is_400_and_named(api, query, field, message):
    """400 with the parameter, and for an enum its allowed values."""
    details = api.details("GET", f"/tasks?{query}", 400)
    assert list(details) == [field]
    if message is not None:
        assert details[field] == [message]


def test_query_that_is_no_utf8_is_400(api):
    """Broken percent-encoding is refused, not guessed."""
    assert api.details("GET", "/tasks?search=%ff%fe", 400) is None
