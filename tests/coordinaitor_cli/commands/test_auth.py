"""`coordinaitor auth`, against the real server."""

import json
import stat

import pytest

EMAIL, PASSWORD = "admin@orchestrator.com", "admin123"


def log_in(cli, server, *more, password=PASSWORD):
    """Log in with e-mail and password."""
    return cli(
        *("auth", "login", "--base-url", server.url, "--email", EMAIL, "--password-stdin", *more),
        stdin=f"{password}\n",
    )


def stored(cli, profile="default"):
    """The file that holds the profile's credential."""
    return cli.config / "credentials" / f"{profile}.json"


def test_login_keeps_the_session_and_says_where(cli, server):
    """The credentials file is the user's alone, and no secret is printed."""
    done = log_in(cli, server)
    assert (done.returncode, done.stdout) == (0, "")
    assert str(stored(cli)) in done.stderr
    assert EMAIL in done.stderr
    assert stat.S_IMODE(stored(cli).stat().st_mode) == 0o600
    kept = json.loads(stored(cli).read_text())
    assert kept["access_token"] not in done.stderr
    assert PASSWORD not in stored(cli).read_text()


def test_after_login_a_script_needs_no_arguments(cli, server):
    """`Coordinaitor()` in another process finds server and session."""
    log_in(cli, server)
    done = cli.python(
        "from coordinaitor_sdk import Coordinaitor; print(Coordinaitor().tasks.get('task-123').id)"
    )
    assert (done.stdout, done.stderr) == ("task-123\n", "")
    assert cli("tasks", "get", "task-123").returncode == 0


def test_login_with_an_api_key(cli, server):
    """The key is read from standard input and kept."""
    done = cli("auth", "login", "--base-url", server.url, "--api-key-stdin", stdin=f"{server.api_key}\n")
    assert done.returncode == 0
    assert server.api_key not in done.stderr
    assert stat.S_IMODE(stored(cli).stat().st_mode) == 0o600
    assert cli.json("auth", "status")["credential"] == "API key"
    assert cli("tasks", "list").returncode == 0


def test_login_into_a_profile_under_another_prefix(cli, server):
    """Server and prefix are the profile's; the default one stays empty."""
    assert log_in(cli, server, "--profile", "staging", "--api-prefix", "/api").returncode == 0
    standing = cli.json("auth", "status", "--profile", "staging")
    assert (standing["baseUrl"], standing["apiPrefix"], standing["accepted"]) == (server.url, "/api", True)
    assert cli("tasks", "list", COORDINAITOR_PROFILE="staging").returncode == 0
    assert not stored(cli).exists()


def test_wrong_password(cli, server, fails):
    """One line, exit code 4, and nothing is kept."""
    assert "wrong" in fails(log_in(cli, server, password="guess"), 4)[0]
    assert not stored(cli).exists()
    assert not (cli.config / "config.toml").exists()


def test_wrong_api_key_leaves_the_login_that_was_there(cli, server, fails):
    """A refused credential replaces nothing."""
    cli.logged_in(server)
    before = stored(cli).read_text()
    done = cli("auth", "login", "--base-url", server.url, "--api-key-stdin", stdin="ak_nonsense\n")
    fails(done, 4)
    assert stored(cli).read_text() == before


@pytest.mark.parametrize(
    ("arguments", "stdin", "named"),
    [
        ([], "", "--password-stdin"),
        (["--email", EMAIL], "", "--password-stdin"),
        (["--password-stdin"], PASSWORD, "--email"),
        (["--email", EMAIL, "--password-stdin"], "", "--password-stdin"),
        (["--api-key-stdin"], "", "--api-key-stdin"),
        (["--api-key-stdin", "--email", EMAIL], "ak_x", "--email"),
    ],
)
def test_login_without_a_terminal_never_asks(cli, fails, arguments, stdin, named):
    """Exit code 2, naming the flag; no hang."""
    assert named in fails(cli("auth", "login", *arguments, stdin=stdin), 2)[0]


def test_login_at_a_terminal_asks(cli, server):
    """E-mail and password are asked for; the password is not shown."""
    terminal = cli.at_terminal("auth", "login", "--base-url", server.url)
    terminal.expect("E-mail: ")
    terminal.type(f"{EMAIL}\n")
    terminal.expect("Password: ")
    terminal.type(f"{PASSWORD}\n")
    terminal.expect("logged in")
    assert terminal.end() == 0
    assert PASSWORD not in terminal.shown


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 2)])
def test_login_can_be_left(cli, key, code):
    """Ctrl-C ends the prompt quietly, Ctrl-D says that nothing was entered."""
    terminal = cli.at_terminal("auth", "login", "--email", EMAIL)
    terminal.expect("Password: ")
    terminal.type(key)
    assert terminal.end() == code
    assert "Traceback" not in terminal.shown


def test_login_where_nothing_can_be_kept(cli, server, fails):
    """The store is tried before the server: no session is begun only to be lost."""
    cli.config.mkdir()
    (cli.config / "credentials").write_text("a file where a folder should be")
    assert str(cli.config) in fails(log_in(cli, server), 13)[0]


def test_login_mends_a_damaged_file(cli, server):
    """What can't be read is replaced."""
    stored(cli).parent.mkdir(parents=True)
    stored(cli).write_text("{")
    assert cli("auth", "status").returncode == 13
    assert log_in(cli, server).returncode == 0
    assert cli("auth", "status").returncode == 0


def test_login_warns_of_an_environment_that_comes_first(cli, server):
    """The environment beats the profile, so the login would seem lost."""
    cli.env["COORDINAITOR_API_KEY"] = "ak_other"
    done = log_in(cli, server)
    assert done.returncode == 0
    assert "warning: COORDINAITOR_API_KEY is set" in done.stderr


def test_login_to_another_host_over_plain_http(cli, fails):
    """A password never goes over the net readable."""
    done = cli(
        *("auth", "login", "--base-url", "http://example.com", "--email", EMAIL, "--password-stdin"),
        stdin="x\n",
    )
    assert "https" in fails(done, 13)[-1]


def test_status_tells_sources_and_expiry(cli, server):
    """Each value with where it came from; never a secret."""
    cli.logged_in(server)
    done = cli("auth", "status")
    kept = json.loads(stored(cli).read_text())
    fields = dict(line.split("\t") for line in done.stdout.splitlines())
    assert done.returncode == 0
    assert fields["Profile"] == "default (default)"
    assert fields["Base URL"] == f"{server.url} (from profile default)"
    assert fields["API prefix"] == "/api/v1 (from profile default)"
    assert fields["Credential"] == f"session (from profile default, {stored(cli)})"
    assert fields["E-mail"] == EMAIL
    assert fields["Expires"].endswith("(in 60 min)")
    assert fields["Server"] == "accepts the credential"
    assert kept["access_token"] not in done.stdout
    assert kept["refresh_token"] not in done.stdout


def test_status_in_json(cli, server):
    """The flag beats the environment, and says so."""
    cli.use(server).env["COORDINAITOR_BASE_URL"] = "http://127.0.0.1:1"
    standing = cli.json("auth", "status", "--base-url", server.url)
    assert standing["sources"] == {
        "profile": "default",
        "baseUrl": "argument",
        "apiPrefix": "default",
        "credential": "environment",
    }
    assert (standing["credential"], standing["accepted"], standing["expiresAt"]) == ("API key", True, None)


def test_status_names_options_and_variables(cli, idle_server):
    """What to change is named as it is typed."""
    cli.use(idle_server)
    shown = cli("auth", "status", "--base-url", idle_server.url).stdout
    assert f"Base URL\t{idle_server.url} (from --base-url)\n" in shown
    assert "Credential\tAPI key (from COORDINAITOR_API_KEY)\n" in shown


def test_profile_that_is_none(cli, fails):
    """A name that was mistyped is told, not only the address that nobody chose."""
    line, hint = fails(cli("tasks", "list", "--profile", "nope", "--api-prefix", "/x"), 11)
    assert line.endswith("(profile nope from --profile)")
    assert hint == "hint: there is no profile nope: coordinaitor profiles list shows those there are"


def test_status_when_not_logged_in(cli):
    """Exit code 4, with the command that helps; what is known is shown."""
    done = cli("auth", "status")
    assert done.returncode == 4
    assert "Credential\tnone" in done.stdout
    assert done.stderr.splitlines()[-1] == "hint: coordinaitor auth login"
    done = cli("auth", "status", "-o", "json")
    assert (done.returncode, json.loads(done.stdout)["credential"]) == (4, None)


def test_status_for_another_server(cli, server):
    """A credential goes only to its own server, and status says where that is."""
    cli.logged_in(server)
    done = cli("auth", "status", "--base-url", "http://127.0.0.1:1")
    assert done.returncode == 4
    assert f"none for this server; the profile's is for {server.url}" in done.stdout


def test_status_of_a_forged_token(cli, server):
    """The server's refusal is exit code 4, with its source."""
    cli.use(server).env.pop("COORDINAITOR_API_KEY")
    done = cli("auth", "status", COORDINAITOR_ACCESS_TOKEN="eyJhbGciOiJIUzI1NiJ9.e30.forged")
    assert done.returncode == 4
    assert "Server\trefuses the credential" in done.stdout
    assert done.stderr.splitlines()[-1] == "hint: unset COORDINAITOR_ACCESS_TOKEN; coordinaitor auth login"


def test_status_of_a_server_that_is_down(cli):
    """Whether the credential holds is not known; exit code 11."""
    done = cli("auth", "status", "--base-url", "http://127.0.0.1:1", COORDINAITOR_API_KEY="ak_x")
    assert done.returncode == 11
    assert "Server\tnot known" in done.stdout


def test_logout_ends_the_session(cli, server):
    """The file is gone, and the server takes the old token no more."""
    cli.logged_in(server)
    token = json.loads(stored(cli).read_text())["access_token"]
    done = cli("auth", "logout")
    assert (done.returncode, done.stderr) == (0, f"logged out; {stored(cli)} is removed\n")
    assert not stored(cli).exists()
    assert cli("tasks", "list", COORDINAITOR_ACCESS_TOKEN=token).returncode == 4
    assert cli("auth", "status").returncode == 4


def test_logout_of_a_server_that_is_down(cli, server):
    """The credential is removed all the same, and it is said that the server could not be told."""
    cli.logged_in(server)
    kept = json.loads(stored(cli).read_text())
    stored(cli).write_text(json.dumps(kept | {"origin": "http://127.0.0.1:1"}))
    done = cli("auth", "logout")
    assert done.returncode == 0
    assert "warning: the server could not be told" in done.stderr
    assert not stored(cli).exists()


def test_logout_without_a_login(cli):
    """There is nothing to do, and that is no failure."""
    done = cli("auth", "logout")
    assert (done.returncode, done.stderr) == (0, "profile default holds no credential; nothing to do\n")


def test_logout_removes_a_damaged_file(cli):
    """What can't be read can be removed."""
    stored(cli).parent.mkdir(parents=True)
    stored(cli).write_text("{")
    assert cli("auth", "logout").returncode == 0
    assert not stored(cli).exists()
