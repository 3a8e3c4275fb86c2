"""`coordinaitor api`: any endpoint."""

import json

import pytest


@pytest.fixture
def at_work(cli, idle_server):
    return cli.use(idle_server)


def test_get(at_work):
    """The answer as it came; a prefix that is typed too is no matter."""
    done = at_work("api", "/tasks/task-123")
    assert json.loads(done.stdout)["data"]["id"] == "task-123"
    assert at_work("api", "/api/v1/tasks/task-123", "--jq", ".data.id").stdout == "task-123\n"


def test_query_and_rows(at_work):
    """A query in the path, or as fields; rows in any format."""
    assert at_work("api", "tasks?limit=2", "-o", "id").stdout.count("\n") == 2
    done = at_work("api", "GET", "/tasks", "-F", "projectId=proj-456", "--fields", "id,status")
    assert done.stdout == "task-123\tactive\n"
    done = at_work("api", "GET", "/tasks", "-F", "projectId=proj-456", "--fields", "id,status", "-o", "csv")
    assert done.stdout == "id,status\ntask-123,active\n"


def test_repeated_name_in_a_query(at_work):
    """All of its values count, as the list that the API takes."""
    both = at_work("api", "/tasks?tags=authentication&tags=zzz", "--jq", ".data[].id")
    assert both.stdout == at_work("api", "/tasks?tags=authentication,zzz", "--jq", ".data[].id").stdout == ""
    curl = at_work("api", "/tasks?tags=a&tags=b&search=", "--dry-run").stdout
    assert "/tasks?tags=a%2Cb&search=' " in curl


def test_fields(at_work):
    """-F reads JSON, -f takes text; a body makes a POST."""
    body = ["-F", "estimatedHours=3", "-F", 'tags=["x"]', "-f", "title=3"]
    task = at_work("api", "/tasks", *body, "--jq", ".data | .title, .estimatedHours, .tags[0]")
    assert task.stdout == "3\n3\nx\n"


def test_input(at_work, tmp_path, fails):
    """A body from a file or standard input; what isn't JSON is told."""
    (tmp_path / "body.json").write_text('{"title": "From a file"}')
    done = at_work("api", "/tasks", "--input", str(tmp_path / "body.json"), "--jq", ".data.title")
    assert done.stdout == "From a file\n"
    done = at_work("api", "/tasks", "--input", "-", "--jq", ".data.title", stdin='{"title": "Piped"}')
    assert done.stdout == "Piped\n"
    fails(at_work("api", "/tasks", "--input", "-", stdin="{"), 2)


def test_paginate(at_work):
    """The items of all pages, each once."""
    ids = at_work("api", "/tasks?limit=2", "--paginate", "--jq", ".[].id").stdout.split()
    assert len(ids) == len(set(ids)) >= 5


def test_include(at_work):
    """Status and headers before the body."""
    head, _, body = at_work("api", "/system/health", "--include").stdout.partition("\n\n")
    assert head.startswith("HTTP 200\n")
    assert "x-request-id: " in head.lower()
    assert "healthy" in body


def test_dry_run_shows_no_secret(at_work, idle_server):
    """A curl command with the credential as a variable; nothing is sent."""
    done = at_work("api", "/tasks", "-f", "title=it's", "--dry-run")
    assert done.stdout == (
        f'curl -X POST {idle_server.url}/api/v1/tasks -H "X-API-Key: $COORDINAITOR_API_KEY"'
        " -H 'Content-Type: application/json' -d '{\"title\": \"it'\"'\"'s\"}'\n"
    )


def test_errors(at_work, fails):
    """What the server refuses is an error as everywhere; a wrong command line is 2."""
    fails(at_work("api", "/tasks/nope"), 3)
    fails(at_work("api", "FETCH", "/tasks"), 2)
    fails(at_work("api", "/tasks", "-F", "title"), 2)
    (line,) = fails(at_work("api", "/tasks", "-F", "title=@nope"), 2)
    assert line == "error: -F nope can't be read: No such file or directory"


def test_dry_run_writes_fields_as_they_are_sent(at_work):
    """Lists with commas, and no Python."""
    done = at_work(
        "api", "GET", "/tasks", "-F", 'tags=["a", "b"]', "-F", "x=true", "-F", "y=null", "--dry-run"
    )
    assert "tags=a%2Cb&x=true'" in done.stdout


def test_an_address_is_no_path(at_work):
    """The credential is for the profile's server."""
    done = at_work("api", "http://127.0.0.1:9/tasks")
    assert done.returncode == 2
    assert "--base-url" in done.stderr
