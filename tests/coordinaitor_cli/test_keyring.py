"""Where the terminal client keeps credentials: the system's keyring if it can, else a file."""

import json
import stat
import time

import pytest
from server_process import ServerProcess

EMAIL, PASSWORD = "admin@orchestrator.com", "admin123"


@pytest.fixture(scope="module")
def rotating():
    """A server whose refresh tokens are good for one use, then for no second."""
    with ServerProcess() as process:
        yield process.start(agents="off", rotate_refresh=True)


def log_in(cli, server, *more):
    """Log in with e-mail and password."""
    return cli(
        *("auth", "login", "--base-url", server.url, "--email", EMAIL, "--password-stdin", *more),
        stdin=f"{PASSWORD}\n",
    )


def in_file(cli, profile="default"):
    """The fields of the profile's file."""
    return json.loads((cli.config / "credentials" / f"{profile}.json").read_text())


def in_ring(ring):
    """The entries of the keyring, by their names."""
    kept = json.loads(ring.read_text()) if ring.exists() else {}
    return {name: json.loads(text) for name, text in kept.items() if name != "asked"}


def asked(ring):
    """How often something was read from the keyring."""
    return json.loads(ring.read_text())["asked"]


def expire(cli):
    """Let the access token in the profile's file have ended."""
    path = cli.config / "credentials" / "default.json"
    path.write_text(json.dumps(in_file(cli) | {"expires_at": time.time() - 1}))


def test_a_session_is_kept_in_the_keyring(cli, idle_server):
    """The refresh token is there alone; the access token, which ends soon, in a file of the user's."""
    ring = cli.with_keyring("Working")
    done = log_in(cli, idle_server)
    path = cli.config / "credentials" / "default.json"
    assert done.returncode == 0
    assert done.stderr.endswith(f"kept in the keyring, its access token in {path}\n")
    ((name, entry),) = in_ring(ring).items()
    assert name.startswith("coordinaitor/default-")
    assert entry["refresh_token"]
    assert entry["origin"] == idle_server.url
    assert entry["refresh_token"] not in path.read_text()
    assert in_file(cli)["access_token"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_status_says_which_store(cli, idle_server):
    """For reading and as JSON."""
    cli.with_keyring("Working")
    log_in(cli, idle_server)
    assert "(from profile default, the keyring, its access token in" in cli("auth", "status").stdout
    assert cli.json("auth", "status")["store"] == "keyring"
    cli.with_keyring("Failing")
    log_in(cli, idle_server)
    assert cli.json("auth", "status")["store"] == "file"
    assert cli.use(idle_server).json("auth", "status")["store"] is None


def test_a_call_with_a_fresh_token_asks_no_keyring(cli, idle_server):
    """It may take long, or ask its user."""
    ring = cli.with_keyring("Working")
    log_in(cli, idle_server)
    before = asked(ring)
    assert cli("tasks", "get", "task-123").returncode == 0
    assert cli("auth", "status").returncode == 0
    assert asked(ring) == before


def test_tab_asks_no_keyring(cli, idle_server):
    """Not even where the token has expired, or an API key is in there."""
    ring = cli.with_keyring("Working")
    cli("auth", "login", "--base-url", idle_server.url, "--api-key-stdin", stdin=f"{idle_server.api_key}\n")
    assert cli("tasks", "list", "--all").returncode == 0
    before = asked(ring)
    assert "task-123" in cli("__complete", "bash", "tasks", "get", "").stdout
    assert asked(ring) == before


@pytest.mark.parametrize("expired", [True, False])
def test_the_session_is_renewed_from_the_keyring(cli, rotating, expired):
    """Where its access token has expired, and where the user wants it; a new refresh token goes there."""
    ring = cli.with_keyring("Working")
    log_in(cli, rotating)
    before, (entry,) = in_file(cli), in_ring(ring).values()
    if expired:
        expire(cli)
        assert cli("tasks", "get", "task-123").returncode == 0
    else:
        assert cli("auth", "refresh").returncode == 0
    (renewed,) = in_ring(ring).values()
    assert in_file(cli)["access_token"] != before["access_token"]
    assert in_file(cli)["refresh_token"] is None
    assert renewed["refresh_token"] != entry["refresh_token"]


def test_a_revoked_token_is_replaced(cli, rotating):
    """Although it has not expired: the server refuses it, and the refresh token gets another."""
    cli.with_keyring("Working")
    log_in(cli, rotating)
    path = cli.config / "credentials" / "default.json"
    path.write_text(json.dumps(in_file(cli) | {"access_token": "eyJhbGciOiJIUzI1NiJ9.e30.forged"}))
    assert cli("tasks", "get", "task-123").returncode == 0
    assert "forged" not in path.read_text()


def test_the_library_finds_the_session(cli, rotating):
    """`Coordinaitor()` in a script works as the terminal client does."""
    cli.with_keyring("Working")
    log_in(cli, rotating)
    expire(cli)
    done = cli.python(
        "from coordinaitor_sdk import Coordinaitor\n"
        "with Coordinaitor() as client: print(client.tasks.get('task-123').id)"
    )
    assert (done.stdout, done.stderr) == ("task-123\n", "")


def test_an_api_key_is_kept_in_the_keyring(cli, idle_server):
    """It is in no file."""
    ring = cli.with_keyring("Working")
    done = cli(
        "auth", "login", "--base-url", idle_server.url, "--api-key-stdin", stdin=f"{idle_server.api_key}\n"
    )
    assert done.stderr.endswith("kept in the keyring\n")
    assert [entry["api_key"] for entry in in_ring(ring).values()] == [idle_server.api_key]
    assert idle_server.api_key not in json.dumps(in_file(cli))
    assert cli("tasks", "get", "task-123").returncode == 0
    standing = cli.json("auth", "status")
    assert (standing["credential"], standing["store"], standing["accepted"]) == ("API key", "keyring", True)
    assert cli("auth", "token").stdout == f"{idle_server.api_key}\n"


def test_a_key_for_another_server_is_not_asked_for(cli, idle_server, fails):
    """What is stored for one origin goes to no other."""
    ring = cli.with_keyring("Working")
    cli("auth", "login", "--base-url", idle_server.url, "--api-key-stdin", stdin=f"{idle_server.api_key}\n")
    before = asked(ring)
    fails(cli("tasks", "list", "--base-url", "http://127.0.0.1:1"), 11)
    assert asked(ring) == before


def test_logout_empties_both(cli, idle_server):
    """The session has ended on the server too."""
    ring = cli.with_keyring("Working")
    log_in(cli, idle_server)
    token = in_file(cli)["access_token"]
    done = cli("auth", "logout")
    path = cli.config / "credentials" / "default.json"
    assert (done.returncode, done.stderr) == (0, f"logged out; the keyring's entry and {path} are removed\n")
    assert in_ring(ring) == {}
    assert not path.exists()
    assert cli("tasks", "list", COORDINAITOR_ACCESS_TOKEN=token).returncode == 4


def test_deleting_a_profile_empties_both(cli, idle_server):
    """No secret is left behind."""
    ring = cli.with_keyring("Working")
    log_in(cli, idle_server, "--profile", "staging")
    assert in_ring(ring)
    assert cli("profiles", "delete", "staging", "--yes").returncode == 0
    assert in_ring(ring) == {}


def test_profiles_in_two_directories_are_two_entries(cli, idle_server, tmp_path):
    """Logging out of one leaves the other."""
    ring = cli.with_keyring("Working")
    log_in(cli, idle_server)
    cli.env["COORDINAITOR_CONFIG_DIR"] = str(tmp_path / "other")
    log_in(cli, idle_server)
    assert len(in_ring(ring)) == 2
    cli("auth", "logout")
    assert len(in_ring(ring)) == 1


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        ("Failing", "it can't be used: unlock the keyring"),
        ("Forgetful", "it doesn't keep what is put there"),
        ("Hanging", "it did not answer within 3 s"),
        ("WorkingAtFirst", "it failed, although it had been tried out"),
        ("NoSuchBackend", "it can't be used (AttributeError): see that the keyring works"),
    ],
)
def test_a_keyring_that_is_of_no_use(cli, idle_server, backend, why):
    """The file has all, the login says so and why, and later calls never ask the keyring."""
    cli.with_keyring(backend)
    done = log_in(cli, idle_server)
    path = cli.config / "credentials" / "default.json"
    assert done.returncode == 0
    assert done.stderr.endswith(f"kept in {path}; not in a keyring: {why}\n")
    assert in_file(cli)["refresh_token"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    expire(cli)
    assert cli("tasks", "get", "task-123").returncode == 0
    assert cli("auth", "logout").returncode == 0


def test_without_the_extra_it_is_a_file(cli, idle_server, tmp_path):
    """Nothing is said about a keyring that nobody has asked for."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['keyring'] = None\n")
    cli.env["PYTHONPATH"] = str(tmp_path)
    done = log_in(cli, idle_server)
    assert done.stderr.endswith(f"kept in {cli.config / 'credentials' / 'default.json'}\n")


def test_a_keyring_that_fails_later(cli, idle_server, fails):
    """One line that says what helps; exit code 13. The fresh token needs no keyring."""
    cli.with_keyring("Working")
    log_in(cli, idle_server)
    cli.with_keyring("Failing")
    assert cli("tasks", "get", "task-123").returncode == 0
    expire(cli)
    lines = fails(cli("tasks", "get", "task-123"), 13)
    assert "unlock the keyring" in lines[0]
    assert "coordinaitor auth login" in lines[0]
    assert "secret words" not in "".join(lines)


def test_logout_with_a_keyring_that_fails(cli, idle_server):
    """The file is removed all the same; what is left is said, exit code 13."""
    cli.with_keyring("Working")
    log_in(cli, idle_server)
    cli.with_keyring("Failing")
    done = cli("auth", "logout")
    assert done.returncode == 13
    assert "remove it there by hand" in done.stderr
    assert not (cli.config / "credentials" / "default.json").exists()


@pytest.mark.parametrize("backend", ["Working", "Failing"])
def test_two_shells_that_renew_at_once(cli, rotating, backend):
    """Both calls are answered, the session is renewed once, and goes on afterwards."""
    cli.with_keyring(backend)
    log_in(cli, rotating)
    expire(cli)
    shells = [cli.start("tasks", "get", "task-123", "-o", "id", "--debug") for _ in range(2)]
    ends = [shell.communicate(timeout=30) for shell in shells]
    assert [(shell.returncode, printed) for shell, (printed, _) in zip(shells, ends, strict=True)] == [
        (0, "task-123\n")
    ] * 2
    assert "".join(traced for _, traced in ends).count("/auth/refresh") == 1
    expire(cli)
    assert cli("tasks", "get", "task-123").returncode == 0


def test_the_probe_is_ended_in_time(cli):
    """A backend that waits for ever holds nobody up for longer."""
    cli.with_keyring("Hanging")
    code = (
        "import time\n"
        "from coordinaitor_sdk.profiles.stores.ring import why_unusable\n"
        "print(why_unusable(0.5))"
    )
    assert cli.python(code).stdout == "it did not answer within 0.5 s\n"
