"""`coordinaitor auth login --oauth` with a real browser: the user sees pages, types and clicks."""

import pytest
from browser import COMMAND, browser_in
from server_process import ServerProcess

pytestmark = pytest.mark.skipif(COMMAND is None, reason="the browser is Chromium")

LAST_PAGE = "You can close this page and go back to the terminal."


@pytest.fixture(scope="module")
def oauth_server():
    """One that knows a public client of this machine."""
    with ServerProcess() as process:
        yield process.start(agents="off", api_key="ak_test", oauth_client="cli:http://127.0.0.1/callback")


@pytest.fixture
def browser(cli, tmp_path):
    """What the command opens."""
    with browser_in(tmp_path / "browser") as made:
        cli.env["BROWSER"] = str(made.script)
        yield made


@pytest.fixture
def login(cli, oauth_server, browser):
    """The command, which has opened the browser at the page that asks for consent."""
    with cli.start(
        "auth", "login", "--base-url", oauth_server.url, "--oauth", "--client-id", "cli"
    ) as process:
        try:
            browser.expect("cli asks for access to your account.")
            assert browser.address.startswith(f"{oauth_server.url}/oauth/authorize?")
            yield process
        finally:
            process.kill()


def give(browser, email, password):
    """Fill in the form and allow it."""
    browser.type("email", email)
    browser.type("password", password)
    browser.click("Allow")


def test_who_allows_it_in_the_browser_is_logged_in(cli, oauth_server, browser, login):
    """The browser is led back to the command, which ends; status knows whose session it is."""
    give(browser, oauth_server.admin_email, oauth_server.admin_password)
    browser.expect(LAST_PAGE)
    assert browser.text == LAST_PAGE
    output, errors = login.communicate(timeout=15)
    assert (login.returncode, output) == (0, ""), errors
    assert f"logged in to {oauth_server.url} as {oauth_server.admin_email}" in errors
    standing = cli.json("auth", "status")
    assert (standing["email"], standing["accepted"]) == (oauth_server.admin_email, True)


def test_a_mistyped_password_is_typed_anew(oauth_server, browser, login):
    """The page says so and asks again, while the command waits."""
    give(browser, oauth_server.admin_email, "a guess")
    browser.expect("wrong")
    assert login.poll() is None
    give(browser, oauth_server.admin_email, oauth_server.admin_password)
    browser.expect(LAST_PAGE)
    assert login.wait(15) == 0


def test_who_cancels_it_in_the_browser_is_not_logged_in(cli, browser, login):
    """The command ends with an error that says why, and nothing is kept."""
    browser.click("Cancel")
    browser.expect(LAST_PAGE)
    errors = login.communicate(timeout=15)[1]
    assert login.returncode == 4
    assert "error: the server did not log you in: access was not allowed" in errors
    assert cli("auth", "status").returncode == 4
