"""Files of tasks: received whole or not at all, kept beside the database, gone with their task."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from server_process import ServerProcess
from websockets.sync.client import connect

from coordinaitor_sdk.server.schemas.answers import Answer, Failure, File, FileAdded, Push, TaskDetail
from coordinaitor_sdk.server.settings import Settings

KEY = "ak_test-key"
HEADERS = {"X-API-Key": KEY}
LARGEST = 3 * 1024 * 1024
BOUNDARY = "xyz"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """A server that takes files up to 3 MiB."""
    with ServerProcess() as process:
        process.start(api_key=KEY, agents="off", max_upload=LARGEST)
        yield process


@pytest.fixture(scope="module")
def client(server):
    """Requests to that server."""
    with httpx.Client(base_url=server.url + "/api/v1", headers=HEADERS, timeout=20) as found:
        yield found


@pytest.fixture
def task(client):
    """A new task's id."""
    return client.post("/tasks", json={"title": "With files"}).json()["data"]["id"]


def kept(server):
    """The contents that lie beside the database, by id."""
    folder = server.folder / "server.db.files"
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


def files_of(client, task_id):
    """The files that the task tells of."""
    return client.get(f"/tasks/{task_id}?include=files").json()["data"]["files"]


def part(disposition, content=b"content", headers=b""):
    """A part of a form."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: ".encode() + disposition + b"\r\n" + headers
    return head + b"\r\n" + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()
FILE = part(b'form-data; name="file"; filename="a.txt"')


def test_file_is_stored_and_told(client, server, task):
    """201 with what is known of it; include=files shows it; its bytes lie beside the database."""
    content = os.urandom(200_000) + b"\r\n--xyz\r\n"
    answer = client.post(
        f"/tasks/{task}/files",
        files={"file": ("design-mockup.png", content, "image/png")},
        data={"description": "UI mockup\r\nfor the authentication screen"},
    )
    assert answer.status_code == 201
    file = Answer[File].model_validate_json(answer.content).data
    assert (file.name, file.size, file.mime_type) == ("design-mockup.png", len(content), "image/png")
    assert (file.description, file.uploaded_by) == ("UI mockup\nfor the authentication screen", "user-123")
    assert file.id.startswith("file-")
    assert kept(server)[file.id].read_bytes() == content
    assert kept(server)[file.id].stat().st_mode & 0o777 == 0o600
    whole = client.get(f"/tasks/{task}?include=comments,files,history,metrics")
    detail = Answer[TaskDetail].model_validate_json(whole.content).data
    assert detail.files == [file]
    assert detail.version == 1


def test_files_are_listed_oldest_first(client, task):
    """As they came."""
    for name in ("one", "two", "three"):
        client.post(f"/tasks/{task}/files", files={"file": (name, b"x")})
    assert [file["name"] for file in files_of(client, task)] == ["one", "two", "three"]


def test_stored_hash_is_that_of_the_content(client, server, task):
    """An empty file is one too."""
    made = client.post(f"/tasks/{task}/files", files={"file": ("empty", b"")}).json()["data"]
    assert made["size"] == 0
    with sqlite3.connect(server.database) as raw:
        found = raw.execute("SELECT sha256 FROM files WHERE id = ?", (made["id"],)).fetchone()
    raw.close()
    assert found[0] == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("a.png", b"Content-Type: Image/JPEG; q=1\r\n", "image/jpeg"),
        ("a.png", b"", "image/png"),
        ("a.png", b"Content-Type: nonsense\r\n", "image/png"),
        ("a.unheard-of", b"", "application/octet-stream"),
        ("unheard", b"Content-Type: \xff/\xfe\r\n", "application/octet-stream"),
    ],
)
def test_type_is_the_given_one_or_guessed_by_name(client, task, name, given, expected):
    """What the part says, else what the name says, else octets."""
    body = part(f'form-data; name="file"; filename="{name}"'.encode(), headers=given) + END
    answer = client.post(f"/tasks/{task}/files", content=body, headers=MULTIPART)
    assert Answer[File].model_validate_json(answer.content).data.mime_type == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ('"a b.txt"', "a b.txt"),
        ("plain.txt", "plain.txt"),
        ('"Übersicht – 日本.txt"', "Übersicht – 日本.txt"),
        (r'"quo\"te.txt"', 'quo"te.txt'),
        ('"semi;colon=1.txt"', "semi;colon=1.txt"),
        ('"..."', "..."),
        ('".hidden"', ".hidden"),
        ('"' + "n" * 255 + '"', "n" * 255),
        ("\"a.txt\"; filename*=UTF-8''b.txt", "a.txt"),
    ],
)
def test_name_is_taken_as_it_was_meant(client, task, sent, expected):
    """Quoted, bare, with quotes within, in any script."""
    body = part(f'form-data; name="file"; filename={sent}'.encode()) + END
    answer = client.post(f"/tasks/{task}/files", content=body, headers=MULTIPART)
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["name"] == expected


@pytest.mark.parametrize(
    "name",
    [
        b"../../etc/passwd",
        b"/etc/passwd",
        b"a/b",
        rb"..\\evil.exe",
        rb"C:\temp\a.txt",
        rb"\\\\host\\share\\a.txt",
        b".",
        b"..",
        b"",
        b"   ",
        b"a\x00.txt",
        b"a\tb",
        "a\x85b".encode(),
        b"n" * 256,
    ],
)
def test_name_that_could_lead_elsewhere_is_422(client, server, task, name):
    """The part is named, and nothing is kept."""
    before = set(kept(server))
    body = part(b'form-data; name="file"; filename="' + name + b'"') + END
    answer = client.post(f"/tasks/{task}/files", content=body, headers=MULTIPART)
    assert answer.status_code == 422, answer.text
    assert list(Failure.model_validate_json(answer.content).error.details or {}) == ["file"]
    assert set(kept(server)) == before
    assert files_of(client, task) == []


TEXT = b'form-data; name="description"'


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (part(TEXT) + END, {"file": ["File is required"]}),
        (END, {"file": ["File is required"]}),
        (part(b'form-data; name="file"') + END, {"file": ["File must be a file"]}),
        (FILE + FILE + END, {"file": ["File must be given once"]}),
        (FILE + part(b'form-data; name="files"; filename="b"') + END, {"files": ["Files is not known"]}),
        (FILE + part(b'form-data; name="title"') + END, {"title": ["Title is not known"]}),
        (FILE + part(TEXT) + part(TEXT) + END, {"description": ["Description must be given once"]}),
        (FILE + part(TEXT + b'; filename="b"') + END, {"description": ["Description must be text"]}),
        (FILE + part(TEXT, b"\xff\xfe") + END, {"description": ["Description must be valid UTF-8"]}),
        (
            FILE + part(TEXT, b"x" * 2_001) + END,
            {"description": ["Description must have at most 2000 characters"]},
        ),
        (
            FILE + part(TEXT, b"a\x00b") + END,
            {"description": ["Description must not contain control characters other than line feed and tab"]},
        ),
    ],
)
def test_wrong_part_is_422(client, server, task, body, details):
    """Each is named with what is wrong; nothing is kept."""
    before = set(kept(server))
    answer = client.post(f"/tasks/{task}/files", content=body, headers=MULTIPART)
    assert answer.status_code == 422, answer.text
    assert Failure.model_validate_json(answer.content).error.details == details
    assert set(kept(server)) == before


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", {"Content-Type": "application/json"}),
        (b"file=1", {"Content-Type": "application/x-www-form-urlencoded"}),
        (FILE + END, {"Content-Type": "multipart/form-data"}),
        (FILE + END, {"Content-Type": "multipart/form-data; boundary="}),
        (FILE + END, {"Content-Type": "multipart/form-data; boundary=" + "b" * 300}),
        (FILE + END, {"Content-Type": "multipart/mixed; boundary=xyz"}),
        (FILE + END, {}),
        (b"", MULTIPART),
        (FILE, MULTIPART),
        (FILE[:-5], MULTIPART),
        (FILE[:30], MULTIPART),
        (b"--other\r\n" + FILE, MULTIPART),
        (b"--xyz\r\n\r\nno header\r\n" + END, MULTIPART),
        (part(b"form-data") + END, MULTIPART),
        (part(b'attachment; name="file"; filename="a"') + END, MULTIPART),
        (part(b'form-data; filename="a"') + END, MULTIPART),
        (part(b'form-data; name="file"; filename="\xff.txt"') + END, MULTIPART),
        (part(b'form-data; name="file"; filename="a"', headers=b"bad header\r\n") + END, MULTIPART),
    ],
)
def test_body_that_cannot_be_read_is_400(client, server, task, body, headers):
    """Another type, no boundary, a form that is malformed or cut off; nothing is kept."""
    before = set(kept(server))
    answer = client.post(f"/tasks/{task}/files", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert Failure.model_validate_json(answer.content).error.code == "VALIDATION_ERROR"
    assert set(kept(server)) == before


def test_form_of_random_bytes_never_breaks_the_server(client, task):
    """Any body is a refusal."""
    for number in range(60):
        noise = os.urandom(number * 7)
        for body in (noise, FILE[: number * 2] + noise, b"--xyz\r\n" + noise + b"\r\n" + END):
            answer = client.post(f"/tasks/{task}/files", content=body, headers=MULTIPART)
            assert answer.status_code in (400, 422), answer.text


def test_file_of_the_largest_size_is_taken_and_one_byte_more_is_413(client, server, task):
    """The file counts, not the form around it."""
    exact = client.post(f"/tasks/{task}/files", files={"file": ("exact", bytes(LARGEST))})
    assert exact.status_code == 201
    before = set(kept(server))
    over = client.post(f"/tasks/{task}/files", files={"file": ("over", bytes(LARGEST + 1))})
    assert over.status_code == 413
    assert over.headers["connection"] == "close"
    assert Failure.model_validate_json(over.content).error.code == "VALIDATION_ERROR"
    assert set(kept(server)) == before


def test_too_large_file_of_unknown_length_is_413(client, server, task):
    """A chunked body is counted while it comes."""
    before = set(kept(server))

    def body():
        yield part(b'form-data; name="file"; filename="a"', b"")[:-2]
        for _ in range(100):
            yield bytes(64 * 1024)

    answer = client.post(f"/tasks/{task}/files", content=body(), headers=MULTIPART)
    assert answer.status_code == 413
    assert set(kept(server)) == before


def test_text_that_has_no_end_is_413(client, task):
    """What would be held in memory is bounded, headers too."""
    for body in (
        FILE + part(TEXT, b"x" * 200_000) + END,
        part(b'form-data; name="file"; filename="a"; x="' + b"y" * 200_000 + b'"') + END,
    ):
        answer = client.post(f"/tasks/{task}/files", content=body, headers=MULTIPART)
        assert answer.status_code in (400, 413), answer.text


@pytest.mark.parametrize("path", ["/api/v1/tasks/task-123/files", "/api/tasks/task-123/files"])
def test_announced_length_over_the_limit_is_refused_before_it_comes(server, path):
    """The answer comes although no byte of the body was sent, and the connection ends."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {LARGEST * 2}\r\n\r\n".encode()
        )
        got = b""
        while chunk := raw.recv(4096):
            got += chunk
        assert got.startswith(b"HTTP/1.1 413 ")


def test_a_413_reaches_who_sends_all_before_reading(server):
    """The connection is not reset under it: what it still sends is dropped."""
    host, port = server.url.removeprefix("http://").split(":")
    size = 50_000_000
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(
            f"POST /api/v1/tasks/task-123/files HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {size}\r\n\r\n".encode()
        )
        for _ in range(size // 1_000_000):
            raw.sendall(bytes(1_000_000))
        got = b""
        while chunk := raw.recv(4096):
            got += chunk
    assert got.startswith(b"HTTP/1.1 413 ")
    assert got.endswith(b"}")


def test_large_body_elsewhere_is_still_refused(client):
    """The limit of other bodies stays."""
    answer = client.post("/tasks", json={"title": "x", "description": "y" * 1024 * 1024})
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


def test_credential_is_checked_before_the_body(client):
    """401 and 403 come first, whatever the body is; an unknown task last: 404."""
    url = client.base_url.copy_with(path="/api/v1/tasks/task-0/files")
    assert httpx.post(url, content=b"nonsense").status_code == 401
    assert client.post("/tasks/task-0/files", content=b"nonsense").status_code == 400
    assert client.post("/tasks/task-0/files", files={"file": ("a", b"x")}).status_code == 404


def test_file_is_pushed(client, server, task):
    """task.file_added, to those that watch the task, with the file."""
    with connect(server.ws_url, additional_headers=HEADERS) as raw:
        json.loads(raw.recv())
        raw.send(json.dumps({"type": "subscribe", "channel": "tasks", "filters": {"taskId": task}}))
        json.loads(raw.recv())
        made = client.post(f"/tasks/{task}/files", files={"file": ("a", b"x")}).json()["data"]
        push = Push[FileAdded].model_validate_json(raw.recv(5))
    assert (push.type, push.data.task_id) == ("task.file_added", task)
    assert push.data.file.model_dump(by_alias=True) == made


def test_file_goes_with_its_task(client, server, task, eventually):
    """The content is removed soon after the answer."""
    made = client.post(f"/tasks/{task}/files", files={"file": ("a", b"x")}).json()["data"]
    path = kept(server)[made["id"]]
    assert client.delete(f"/tasks/{task}").status_code == 204
    eventually(lambda: not path.exists())


def test_sender_that_goes_away_leaves_nothing(server, client, task, eventually):
    """A body that is cut off is dropped, and the server's log stays quiet."""
    before = set(kept(server))
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(
            f"POST /api/v1/tasks/{task}/files HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n"
            f"Content-Type: multipart/form-data; boundary=xyz\r\nContent-Length: {LARGEST}\r\n\r\n".encode()
        )
        raw.sendall(FILE + bytes(500_000))
        eventually(lambda: set(kept(server)) != before)
    eventually(lambda: set(kept(server)) == before)
    assert "Traceback" not in server.stderr


@pytest.mark.parametrize(
    "place", ["tempfile.mkstemp", "os.fsync", "coordinaitor_sdk.server.files._sync_folder"]
)
def test_disk_that_refuses_is_503(tmp_path, launched, monkeypatch, place):
    """Nothing was changed, and nothing stays behind."""

    def full(*_given, **_named):
        raise OSError(28, "No space left on device")

    with launched(tmp_path, Settings(simulate=False)) as api:
        monkeypatch.setattr(place, full)
        answer = api("POST", "/tasks/task-123/files", files={"file": ("a", b"x")})
        monkeypatch.undo()
        assert answer.status_code == 503
        assert Failure.model_validate_json(answer.content).error.code == "SERVICE_UNAVAILABLE"
        assert api.get("/tasks/task-123", include="files")["files"] == []
        assert api("POST", "/tasks/task-123/files", files={"file": ("a", b"x")}).status_code == 201


def test_header_made_to_be_slow_is_not(client, task):
    """Thousands of open quotes are refused at once."""
    slow = b'form-data; name="file"' + b';a="' * 15_000
    began = time.monotonic()
    answer = client.post(f"/tasks/{task}/files", content=part(slow) + END, headers=MULTIPART)
    assert answer.status_code in (400, 413, 422)
    kind = {"Content-Type": "multipart/form-data" + ';a="' * 7_000}
    assert client.post(f"/tasks/{task}/files", content=END, headers=kind).status_code == 400
    assert time.monotonic() - began < 2


def test_many_uploads_at_once_are_kept_apart(client, server, task):
    """Each file has its own content."""

    def send(number: int) -> None:
        files = {"file": (f"f{number}", str(number).encode() * 100_000)}
        answer = httpx.post(f"{client.base_url}tasks/{task}/files", headers=HEADERS, files=files)
        assert answer.status_code == 201

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found: list[Any] = files_of(client, task)
    assert sorted(file["name"] for file in found) == [f"f{number}" for number in range(8)]
    for file in found:
        assert kept(server)[file["id"]].read_bytes() == file["name"][1:].encode() * 100_000


def test_crash_leaves_no_file_without_a_row(server_process):
    """What was answered is there after a kill; what has no row is swept at the start."""
    server = server_process.start(api_key=KEY, agents="off")
    url = server.url + "/api/v1/tasks/task-123/files"
    made = httpx.post(url, headers=HEADERS, files={"file": ("a", b"kept")}).json()["data"]
    server.kill()
    folder = kept(server)[made["id"]].parent
    (folder / "file-9999").write_text("its change was never committed")
    half = server.folder / "server.db.files" / "incoming" / "half"
    half.write_text("half of a")
    server.restart()
    assert {name: path.read_bytes() for name, path in kept(server).items()} == {made["id"]: b"kept"}
    with httpx.Client(base_url=server.url + "/api/v1", headers=HEADERS) as client:
        assert files_of(client, "task-123") == [made]


def test_content_of_a_deleted_task_goes_after_a_restart_too(server_process):
    """Deleted and killed at once: nothing stays behind."""
    server = server_process.start(api_key=KEY, agents="off")
    with httpx.Client(base_url=server.url + "/api/v1", headers=HEADERS) as client:
        client.post("/tasks/task-123/files", files={"file": ("a", b"x")})
        client.delete("/tasks/task-123")
    server.kill()
    server.restart()
    assert kept(server) == {}
