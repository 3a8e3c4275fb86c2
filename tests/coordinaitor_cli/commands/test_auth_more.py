"""`coordinaitor auth`: token, refresh, API keys, the login in a browser."""

import threading

import httpx
import pytest
from consent import answer
from server_process import ServerProcess

from coordinaitor_sdk import Coordinaitor


@pytest.fixture(scope="module")
def oauth_server():
    """One that knows a public client of this machine."""
    with ServerProcess() as process:
        yield process.start(agents="off", api_key="ak_test", oauth_client="cli:http://127.0.0.1/callback")


def test_token(cli, idle_server, fails):
    """A token that calls can be made with, or the API key; exit code 4 where there is neither."""
    fails(cli("auth", "token", "--base-url", idle_server.url), 4)
    token = cli.logged_in(idle_server)("auth", "token").stdout.strip()
    with Coordinaitor(idle_server.url, access_token=token) as client:
        assert client.users.me().email == idle_server.admin_email
    assert cli.use(idle_server)("auth", "token").stdout == f"{idle_server.api_key}\n"


def test_refresh(cli, idle_server):
    """The tokens that are kept are others afterwards."""
    before = cli.logged_in(idle_server)("auth", "token").stdout
    assert cli("auth", "refresh").returncode == 0
    assert cli("auth", "token").stdout != before


def test_nothing_to_refresh(cli, idle_server, fails):
    """Not logged in is exit code 4, as everywhere; an API key is not renewed."""
    line, hint = fails(cli("auth", "refresh", "--base-url", idle_server.url), 4)
    assert line.startswith("error: not logged in to")
    assert hint == "hint: coordinaitor auth login"
    _, hint = fails(cli("auth", "refresh", "--profile", "other"), 4)
    assert hint == "hint: coordinaitor auth login --profile other"
    (line,) = fails(cli.use(idle_server)("auth", "refresh"), 2)
    assert line == "error: an API key needs no renewal: auth refresh is for a session"


def test_api_key_is_created(cli, idle_server, fails):
    """Its key is shown, and works."""
    cli.logged_in(idle_server)
    made = cli.json("auth", "api-keys", "create", "For a test", "--permission", "tasks:read")
    with Coordinaitor(idle_server.url, api_key=made["key"]) as client:
        assert client.tasks.get("task-123").id == "task-123"
    fails(cli("auth", "api-keys", "create", "x", "--permission", "nope:nope"), 7)


def test_login_in_a_browser(cli, oauth_server, tmp_path):
    """The page is opened, its answer comes to a port here, and the session is kept."""
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$1" > "$(dirname "$0")/address"\n')
    browser.chmod(0o755)
    cli.env["BROWSER"] = str(browser)
    process = cli.start("auth", "login", "--base-url", oauth_server.url, "--oauth", "--client-id", "cli")
    address = process.stderr.readline().removeprefix("log in at: ").strip()
    assert address.startswith(f"{oauth_server.url}/oauth/authorize?")
    visit = threading.Thread(target=lambda: httpx.get(answer(address).headers["location"]))
    visit.start()
    assert process.wait(20) == 0, process.stderr.read()
    visit.join()
    assert "logged in to" in process.communicate()[1]
    assert cli.json("auth", "status")["accepted"] is True


def test_login_without_a_browser(cli, oauth_server):
    """The address that the browser ends at is pasted; one of another login is refused."""
    terminal = cli.at_terminal(
        *("auth", "login", "--base-url", oauth_server.url, "--oauth", "--client-id", "cli", "--no-browser"),
        columns=2000,
    )
    terminal.expect("Address that the browser ends at: ")
    terminal.type("http://127.0.0.1/callback?code=x&state=another\n")
    assert terminal.end() == 4
    assert "does not answer this login" in terminal.shown


def test_login_by_oauth_is_asked_for_whole(cli, fails):
    """Half of the options are told."""
    fails(cli("auth", "login", "--oauth"), 2)
    fails(cli("auth", "login", "--client-id", "x"), 2)
