"""ETags of single objects, and answers that are not sent again."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "path", ["/tasks/task-789", "/agents/agent-789", "/projects/proj-789", "/tasks/task-789?include=history"]
)
def test_get_of_one_object_has_an_etag_that_stays_while_the_object_does(api, path):
    """Weak, made of the data alone: the meta of each answer differs."""
    first, second = api("GET", path), api("GET", path)
    assert first.headers["etag"].startswith('W/"')
    assert first.headers["etag"] == second.headers["etag"]
    assert first.json()["meta"] != second.json()["meta"]


def test_other_data_have_another_etag(api):
    """After a change, and with other related data."""
    task = api.task()["id"]
    tags = [api("GET", f"/tasks/{task}{query}").headers["etag"] for query in ("", "?include=comments")]
    api.patch(f"/tasks/{task}", {"title": "Changed"})
    tags.append(api("GET", f"/tasks/{task}").headers["etag"])
    assert len(set(tags)) == 3


def test_named_etag_is_304_without_a_body(api):
    """Named alone, among others, strong instead of weak, on two lines, or by a star."""
    etag = api("GET", "/tasks/task-789").headers["etag"]
    strong = etag.removeprefix("W/")
    for given in (etag, f'"other", {etag}', strong, f"{etag},", "*"):
        answer = api("GET", "/tasks/task-789", headers={"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["x-request-id"].startswith("req-")
    lines = [("If-None-Match", '"other"'), ("If-None-Match", etag)]
    assert api("GET", "/tasks/task-789", headers=lines).status_code == 304


@pytest.mark.parametrize("given", ['W/"other"', "", "nonsense", '"', "**", '"*"', ",", "é".encode()])
def test_etag_that_is_not_named_is_answered_whole(api, given):
    """What doesn't name the tag, or can't be read, changes nothing."""
    answer = api("GET", "/tasks/task-789", headers={"If-None-Match": given})
    assert answer.status_code == 200
    assert answer.json()["data"]["id"] == "task-789"


def test_lists_changes_and_failures_have_no_etag(api):
    """Only a good GET of one object has."""
    star = {"If-None-Match": "*"}
    answers = [
        api("GET", "/tasks?limit=1", headers=star),
        api("GET", "/tasks/task-0", headers=star),
        api("POST", "/tasks", json={"title": "x"}, headers=star),
        api("PATCH", "/tasks/task-789", json={}, headers=star),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 201, 200]
    assert not any("etag" in answer.headers for answer in answers)
