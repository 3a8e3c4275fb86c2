"""Starting and stopping: options, errors, the ready file, the second start."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from server_process import ServerProcess
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from coordinaitor_sdk.server.run import Ready, ServerOptions, ServerStartError, running, serve

KEY = "ak_test-key"


def refused(tmp_path, **options):
    """The message with which a start is refused, by whichever way it is started."""
    given = {"database": str(tmp_path / "server.db"), "port": 0} | options
    with pytest.raises(ServerStartError) as caught:
        serve(ServerOptions(**given))
    with pytest.raises(ServerStartError) as again, running(ServerOptions(**given)):
        pass
    assert str(again.value) == str(caught.value)
    return str(caught.value)


def test_import_is_light():
    """Importing the entry loads neither FastAPI nor SQLAlchemy."""
    code = (
        "import sys, coordinaitor_sdk.server.run\n"
        "heavy = {'fastapi', 'starlette', 'sqlalchemy', 'uvicorn', 'alembic', 'pydantic', 'jwt', 'argon2'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_start_on_a_current_database_does_not_import_alembic(tmp_path):
    """Alembic is for migrations only."""
    code = (
        "import sys\n"
        "from coordinaitor_sdk.server.run import ServerOptions, running\n"
        f"options = ServerOptions(port=0, database={str(tmp_path / 'a.db')!r}, agents='off')\n"
        "for _ in range(2):\n"
        "    with running(options):\n"
        "        pass\n"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_running_serves_in_this_process_and_ends_with_the_block(tmp_path):
    """The server answers within the block; afterwards its port is free and its database unlocked."""
    options = ServerOptions(port=0, database=str(tmp_path / "a.db"), agents="off")
    for expected in ("admin123", None):
        with running(options) as ready:
            assert ready.pid == os.getpid()
            assert ready.admin_email == "admin@orchestrator.com"
            assert ready.admin_password == expected
            assert (ready.api_key is None) == (expected is None)
            assert httpx.get(ready.url + "/api/v1/system/health").status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(ready.url)
    ours = {"coordinaitor-server", "coordinaitor-writer"}
    assert not [thread for thread in threading.enumerate() if thread.name in ours]


def test_secrets_are_in_no_repr():
    """Neither options nor what a start tells shows password or key."""
    shown = repr(ServerOptions(api_key="ak_hidden", admin_password="hidden"))
    shown += repr(Ready("http://x", 1, "a@b", "hidden", "ak_hidden"))
    assert "hidden" not in shown


def test_ready_file_is_private_complete_and_removed(server_process):
    """0600, written when requests are answered, gone after a clean stop."""
    server_process.start(api_key=KEY)
    path = server_process.ready_file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {
        "url": server_process.url,
        "pid": server_process.pid,
        "adminEmail": "admin@orchestrator.com",
        "adminPassword": "admin123",
        "apiKey": KEY,
    }
    assert list(path.parent.glob(".ready*")) == []
    assert stat.S_IMODE(server_process.database.stat().st_mode) == 0o600
    assert server_process.stop() == 0
    assert not path.exists()


@pytest.mark.parametrize("how", ["stop", "interrupt"])
def test_signal_ends_it_quickly_and_quietly(server_process, how):
    """SIGTERM and SIGINT: exit 0 within seconds, no traceback, sockets closed with 1012, what was
    answered is there.
    """
    server_process.start(api_key=KEY, agents="simulate")
    headers = {"X-API-Key": KEY}
    with httpx.Client(base_url=server_process.url, headers=headers) as client:
        task = client.post("/api/v1/tasks", json={"title": "Kept"}).json()["data"]
        with connect(server_process.ws_url, additional_headers=headers) as open_socket:
            open_socket.recv()
            began = time.monotonic()
            assert getattr(server_process, how)() == 0
            assert time.monotonic() - began < 5
            with pytest.raises(ConnectionClosed) as closed:
                open_socket.recv(5)
            assert closed.value.rcvd.code == 1012
    assert "Traceback" not in server_process.stderr
    server_process.restart()
    with httpx.Client(base_url=server_process.url, headers=headers) as client:
        assert client.get(f"/api/v1/tasks/{task['id']}").json()["data"]["title"] == "Kept"


def test_second_start_finds_everything(server_process):
    """Tasks, comments, sessions, keys, the event log and its epoch are there; ids go on; no secret is
    told again.
    """
    server_process.start(agents="off")
    key = server_process.api_key
    assert key
    assert key.startswith("ak_")
    headers = {"X-API-Key": key}
    with httpx.Client(base_url=server_process.url + "/api/v1", headers=headers) as client:
        login = {"email": "admin@orchestrator.com", "password": "admin123"}
        session = client.post("/auth/login", json=login).json()["data"]
        task = client.post("/tasks", json={"title": "First"}).json()["data"]["id"]
        client.post(f"/tasks/{task}/comments", json={"content": "Said"})
        before = client.get(f"/tasks/{task}?include=comments,history").json()["data"]
    with connect(server_process.ws_url, additional_headers=headers) as raw:
        first = json.loads(raw.recv())
    server_process.restart(seed="empty")
    assert json.loads(server_process.ready_file.read_text())["adminPassword"] is None
    assert json.loads(server_process.ready_file.read_text())["apiKey"] is None
    bearer = {"Authorization": f"Bearer {session['accessToken']}"}
    with httpx.Client(base_url=server_process.url + "/api/v1", headers=bearer) as client:
        assert client.get(f"/tasks/{task}?include=comments,history").json()["data"] == before
        assert client.get("/tasks/task-123").status_code == 200
        assert client.post("/tasks", json={"title": "Second"}).json()["data"]["id"] == "task-1002"
    with connect(server_process.ws_url, additional_headers=headers) as raw:
        again = json.loads(raw.recv())
        assert (again["epoch"], again["seq"]) == (first["epoch"], first["seq"] + 2)


def test_empty_seed_has_admin_and_key_only(server_process):
    """No task, agent or project; login and key work."""
    server_process.start(seed="empty")
    with httpx.Client(base_url=server_process.url + "/api/v1") as client:
        headers = {"X-API-Key": server_process.api_key or ""}
        for path in ("/tasks", "/agents", "/projects"):
            assert client.get(path, headers=headers).json()["pagination"]["total"] == 0
        login = {"email": server_process.admin_email, "password": server_process.admin_password}
        assert client.post("/auth/login", json=login).status_code == 200
        assert client.get("/system/health").json()["data"]["services"]["agents"]["total"] == 0


def test_secrets_are_stored_as_hashes_only(server_process):
    """Neither the key nor the password is anywhere in the database's files."""
    server_process.start(api_key="ak_very-secret-key", admin_password="very secret password")
    server_process.stop()
    for path in server_process.folder.glob("server.db*"):
        content = path.read_bytes()
        assert b"very-secret-key" not in content
        assert b"very secret password" not in content


def test_given_password_is_set_anew_on_an_existing_database(server_process):
    """The new one works, the old one doesn't, and the sessions of before end; the same one again changes
    nothing.
    """
    server_process.start(agents="off")

    def login(password):
        body = {"email": "admin@orchestrator.com", "password": password}
        return httpx.post(server_process.url + "/api/auth/login", json=body)

    def refresh(token):
        body = {"refreshToken": token}
        return httpx.post(server_process.url + "/api/auth/refresh", json=body).status_code

    old = login("admin123").json()["refreshToken"]
    server_process.restart(admin_password="another one")
    assert server_process.admin_password == "another one"
    assert (login("admin123").status_code, login("another one").status_code) == (401, 200)
    assert refresh(old) == 401
    new = login("another one").json()["refreshToken"]
    server_process.restart()
    assert refresh(new) == 200


def test_given_key_holds_until_another_is_given(server_process):
    """--api-key on an existing database is added; giving another replaces it."""
    server_process.start(api_key="ak_first-key", agents="off")

    def status(key):
        return httpx.get(server_process.url + "/api/v1/agents", headers={"X-API-Key": key}).status_code

    assert status("ak_first-key") == 200
    server_process.restart(api_key="ak_second-key")
    assert (status("ak_first-key"), status("ak_second-key")) == (401, 200)


def test_busy_port_is_named(tmp_path):
    """The message names the port and the way out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = refused(tmp_path, port=port)
    assert str(port) in message
    assert "--port 0" in message


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"port": 70_000}, "70000"),
        ({"sim_speed": 0.0}, "--sim-speed"),
        ({"sim_speed": float("nan")}, "--sim-speed"),
        ({"max_upload": 0}, "--max-upload"),
        ({"access_token_ttl": -1.0}, "--access-token-ttl"),
        ({"access_token_ttl": float("inf")}, "--access-token-ttl"),
        ({"api_key": "secret"}, "ak_"),
        ({"api_key": "ak_with space"}, "ak_"),
        ({"admin_password": ""}, "password"),
        ({"host": "0.0.0.0"}, "--admin-password-stdin"),
        ({"host": "0.0.0.0", "admin_password": "x", "api_key": KEY}, "loopback only"),
        ({"host": "256.1.1.1"}, "256.1.1.1"),
        ({"host": "203.0.113.7", "admin_password": "x"}, "203.0.113.7"),
        ({"database": "postgresql://u:topsecret@localhost/x"}, "postgresql"),
        ({"database": "sqlite://"}, "names no file"),
        ({"database": ":memory:"}, "must be a file"),
        ({"database": "/proc/nothing/server.db"}, "can't be written"),
        ({"ready_file": Path("/proc/nothing/ready.json")}, "ready file"),
    ],
)
def test_impossible_option_is_refused_with_a_reason(tmp_path, options, says):
    """A ServerStartError that says what is wrong."""
    message = refused(tmp_path, **options)
    assert says in message
    assert "topsecret" not in message
    assert "\n" not in message


def test_documented_password_is_never_reachable_from_outside(tmp_path):
    """A database made on loopback can't be served to others until its password was changed."""
    database = str(tmp_path / "server.db")
    with running(ServerOptions(port=0, database=database)):
        pass
    assert "documented password" in refused(tmp_path, host="0.0.0.0")
    with running(ServerOptions(port=0, database=database, host="0.0.0.0", admin_password="a real one")):
        pass
    with running(ServerOptions(port=0, database=database, host="0.0.0.0")) as ready:
        assert ready.admin_password is None


def test_database_by_url_and_by_data_directory(tmp_path, monkeypatch):
    """A sqlite:/// URL names a file; without --database it is server.db in the data directory."""
    with running(ServerOptions(port=0, database=f"sqlite:///{tmp_path}/by-url.db")):
        assert (tmp_path / "by-url.db").exists()
    monkeypatch.setenv("COORDINAITOR_DATA_DIR", str(tmp_path / "data"))
    with running(ServerOptions(port=0)):
        assert (tmp_path / "data" / "server.db").exists()


def test_second_server_on_one_database_is_refused(tmp_path):
    """The first goes on; the message names the file."""
    options = ServerOptions(port=0, database=str(tmp_path / "server.db"), agents="off")
    with running(options) as ready:
        assert "in use by another server" in refused(tmp_path)
        assert httpx.get(ready.url + "/api/v1/system/health").status_code == 200


@pytest.mark.parametrize(
    "content", [b"this is no database " * 1_000, b"SQLite format 3\x00" + b"\xff" * 5_000]
)
def test_damaged_database_is_refused_and_left_alone(tmp_path, content):
    """The message says so; the file isn't touched."""
    (tmp_path / "server.db").write_bytes(content)
    assert "can't be used" in refused(tmp_path)
    assert (tmp_path / "server.db").read_bytes() == content


def test_damaged_page_is_refused(tmp_path):
    """Damage in the middle is found at the start."""
    database = tmp_path / "server.db"
    with running(ServerOptions(port=0, database=str(database))):
        pass
    content = bytearray(database.read_bytes())
    content[20_000:60_000] = b"\xaa" * 40_000
    database.write_bytes(content)
    assert "can't be used" in refused(tmp_path)


def test_newer_and_foreign_databases_are_refused(tmp_path):
    """A schema that this version doesn't know, or another program's, is not touched."""
    database = tmp_path / "server.db"
    with running(ServerOptions(port=0, database=str(database))):
        pass
    with sqlite3.connect(database) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    assert "newer version" in refused(tmp_path)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as raw:
        raw.execute("CREATE TABLE recipes (name TEXT)")
    raw.close()
    assert "another program" in refused(tmp_path, database=str(foreign))


def test_command_tells_errors_in_one_line(tmp_path):
    """Exit 1 and one line for what can't be started; exit 2 for wrong usage; never a traceback."""
    code = "from coordinaitor_cli.commands.server import app; app()"

    def command(*arguments):
        found = subprocess.run(
            [sys.executable, "-c", code, "start", *arguments], capture_output=True, text=True, check=False
        )
        assert "Traceback" not in found.stderr
        assert found.stdout == ""
        return found.returncode, found.stderr

    assert command("--database", "mysql://x/y") == (
        1,
        "error: database mysql://x/y is not supported: give a path or a sqlite:///path URL\n",
    )
    assert command("--seed", "none")[0] == 2
    assert command("--sim-speed", "fast")[0] == 2


def test_command_tells_where_it_is_and_what_it_made(server_process):
    """URL, e-mail, and password and key of this start go to standard error."""
    server_process.start()
    for text in (server_process.url, "admin@orchestrator.com", "admin123", server_process.api_key):
        assert text in server_process.stderr


def test_missing_extra_is_named(tmp_path):
    """Without the server's dependencies the error says what to install."""
    code = (
        "import sys\nsys.modules['uvicorn'] = None\nfrom coordinaitor_cli.commands.server import app\napp()"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, "start", "--database", str(tmp_path / "a.db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 1
    assert "coordinaitor[server]" in found.stderr
    assert "Traceback" not in found.stderr


def test_killed_servers_leave_no_lock(server_process):
    """After SIGKILL the next start needs nothing cleaned up."""
    server_process.start(api_key=KEY)
    server_process.kill()
    assert server_process.ready_file.exists()
    assert isinstance(server_process.restart(), ServerProcess)
