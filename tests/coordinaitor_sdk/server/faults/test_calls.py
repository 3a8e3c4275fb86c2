"""What a fault does to a call, seen by a client on a real connection."""

from __future__ import annotations

import socket
import struct
import threading
import time

import httpx
import pytest
from control import Controlled, World
from server_process import ServerProcess

from .conftest import Faulty


def raw_get(faulty, path="/api/v1/agents"):
    """A connection on which a request was sent."""
    url = httpx.URL(faulty.control.url)
    connection = socket.create_connection((url.host, url.port), timeout=10)
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {url.host}\r\nX-API-Key: {faulty.world.key}\r\n\r\n".encode()
    )
    return connection


def drained(connection):
    """All bytes that come until the connection is closed."""
    found = b""
    while piece := connection.recv(65_536):
        found += piece
    return found


def hanging(faulty, path="/agents"):
    """A thread that calls, and what it was answered."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(faulty.api.get(path).status_code))
    thread.start()
    until_fired(faulty)
    return thread, answers


def until_fired(faulty):
    """Wait until the newest fault has happened."""
    deadline = time.monotonic() + 20
    while not faulty.faults()["faults"][-1]["fired"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TestRefusals:
    def test_a_burst_of_statuses_ends_by_itself(self, faulty):
        """Three answers of 503, then all is well."""
        fault = faulty.add("status", status=503, count=3)
        assert faulty.statuses(5) == [503, 503, 503, 200, 200]
        assert faulty.state(fault) == (3, 3, True)

    def test_a_status_has_the_documented_body_and_nothing_is_done(self, faulty):
        """Code, message, request id; the handler never ran."""
        fault = faulty.add("status", status=503, operation="create_task", retryAfter=3)
        answer = faulty.api.post("/tasks", json={"title": "Never"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
        body = answer.json()
        assert body["success"] is False
        assert body["error"]["code"] == "SERVICE_UNAVAILABLE"
        assert fault in body["error"]["message"]
        assert body["meta"]["requestId"] == answer.headers["X-Request-Id"]
        assert faulty.titles() == []

    @pytest.mark.parametrize(
        ("status", "code"),
        [(401, "AUTHENTICATION_ERROR"), (403, "AUTHORIZATION_ERROR"), (500, "INTERNAL_ERROR")],
    )
    def test_each_status_has_its_code(self, faulty, status, code):
        """That of the document's table."""
        faulty.add("status", status=status)
        assert faulty.api.get("/tasks").json()["error"]["code"] == code

    def test_rate_limit_says_when_to_come_again(self, faulty):
        """429, `Retry-After` and `retryAfter`; one second unless asked otherwise."""
        faulty.add("rate-limit", retryAfter=7)
        faulty.add("rate-limit", nth=2)
        for seconds in (7, 1):
            answer = faulty.api.get("/agents")
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(seconds))
            assert answer.json()["error"]["code"] == "RATE_LIMIT_ERROR"
            assert answer.json()["error"]["retryAfter"] == seconds


class TestResets:
    def test_before_the_commit_nothing_is_done(self, faulty):
        """The client sees a reset and no byte of an answer."""
        faulty.add("reset", operation="create_task")
        with pytest.raises(httpx.ReadError, match="reset"):
            faulty.api.post("/tasks", json={"title": "Never"})
        assert faulty.titles() == []

    def test_after_the_commit_it_is_done(self, faulty):
        """The client sees the same."""
        faulty.add("reset", operation="create_task", when="after")
        with pytest.raises(httpx.ReadError, match="reset"):
            faulty.api.post("/tasks", json={"title": "Done"})
        assert faulty.titles() == ["Done"]

    def test_it_is_a_tcp_reset(self, faulty):
        """ECONNRESET, no orderly end."""
        for when in ("before", "after"):
            faulty.add("reset", when=when)
            with raw_get(faulty) as connection, pytest.raises(ConnectionResetError):
                connection.recv(1)


class TestTruncation:
    @pytest.mark.parametrize("fields", [{}, {"bytes": 0}, {"bytes": 10}, {"bytes": 1_000_000}])
    def test_fewer_bytes_come_than_were_promised(self, faulty, fields):
        """Half of them, or as many as asked for, one less than all at most; then the connection ends."""
        faulty.add("truncate", **fields)
        with raw_get(faulty) as connection:
            head, _, body = drained(connection).partition(b"\r\n\r\n")
        promised = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
        assert len(body) == min(fields.get("bytes", promised // 2), promised - 1)

    def test_an_answer_without_a_body_is_cut_in_its_head(self, faulty):
        """There is nothing else to cut; what was asked is done."""
        task = faulty.world.task()["id"]
        faulty.add("truncate", operation="delete_task")
        with pytest.raises(httpx.RemoteProtocolError):
            faulty.api.delete(f"/tasks/{task}")
        assert faulty.titles() == []


class TestSlowness:
    def test_latency_comes_before_the_answer(self, faulty):
        """So many seconds of real time, though the world's clock stands."""
        faulty.add("latency", seconds=0.4)
        began = time.monotonic()
        assert faulty.statuses(1) == [200]
        assert 0.4 <= time.monotonic() - began < 3

    def test_a_slow_body_is_whole_in_the_end(self, faulty):
        """Its head comes at once, its bytes at the rate asked for."""
        expected = faulty.api.get("/users/me").json()["data"]
        faulty.add("slow", bytesPerSecond=1_000)
        began = time.monotonic()
        with faulty.api.stream("GET", "/users/me") as answer:
            headed = time.monotonic() - began
            content = answer.read()
        took = time.monotonic() - began
        assert answer.json()["data"] == expected
        assert headed < 0.25
        assert took > 0.8 * len(content) / 1_000

    def test_a_deleted_fault_lets_go_what_it_delays(self, faulty):
        """A minute is over at once."""
        for kind, fields in (("latency", {"seconds": 60}), ("slow", {"bytesPerSecond": 1})):
            fault = faulty.add(kind, **fields)
            thread, answers = hanging(faulty)
            faulty.ask("DELETE", f"faults/{fault}", 204)
            thread.join(20)
            assert answers == [200]


class TestHanging:
    def test_what_was_asked_is_done_and_not_answered(self, faulty):
        """The client gives up; others are answered meanwhile."""
        fault = faulty.add("hang", operation="create_task")
        with pytest.raises(httpx.ReadTimeout):
            faulty.api.post("/tasks", json={"title": "Done"}, timeout=0.3)
        assert faulty.titles() == ["Done"]
        (entry,) = faulty.journal(fault=fault)
        assert entry["status"] is None

    def test_while_it_hangs_the_journal_has_it(self, faulty):
        """Without status and duration; both come when the fault is deleted, and the answer with them."""
        fault = faulty.add("hang")
        thread, answers = hanging(faulty)
        (entry,) = faulty.journal(fault=fault)
        assert (entry["status"], entry["durationMs"], entry["fault"]["kind"]) == (None, None, "hang")
        faulty.ask("DELETE", "faults", 204)
        thread.join(20)
        assert answers == [200]
        (entry,) = faulty.journal(fault=fault)
        assert entry["status"] == 200
        assert entry["durationMs"] > 0

    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": "hang"},
            {"kind": "latency", "seconds": 600},
            {"kind": "slow", "bytesPerSecond": 1},
        ],
        ids=lambda fault: fault["kind"],
    )
    def test_a_server_that_is_stopped_does_not_wait(self, fault, tmp_path):
        """It ends in order, without a complaint."""
        with ServerProcess(tmp_path) as process:
            control = Controlled(process.start(control=True, agents="off").url)
            with control.http:
                world = World(control, control.ask("POST", "/worlds", 201))
                faulty = Faulty(control, world)
                faulty.add(**fault)
                with world.api, raw_get(faulty):
                    until_fired(faulty)
                    assert process.stop() == 0
            # Nor does uvicorn tell of a request that was cancelled, or left without its answer.
            for complaint in ("exceeded", "returned without", "Traceback"):
                assert complaint not in process.stderr

    def test_a_client_that_resets_while_it_hangs_harms_nobody(self, faulty, process):
        """The server goes on without a complaint."""
        before = len(process.stderr)
        faulty.add("hang")
        connection = raw_get(faulty)
        until_fired(faulty)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert faulty.statuses(1) == [200]
        assert process.stderr[before:] == ""
