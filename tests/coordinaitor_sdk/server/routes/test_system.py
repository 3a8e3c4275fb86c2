"""`/system`: health, metrics, status and the log, over real sockets."""

from __future__ import annotations

import sqlite3
import time
from itertools import pairwise

import httpx
import pytest
from receiver import Receiver
from server_process import free_port
from sqlalchemy.exc import OperationalError

from coordinaitor_sdk.server.schemas.answers import Answer, Health, LogEntry, SystemMetrics, SystemStatus
from coordinaitor_sdk.server.settings import Settings
from coordinaitor_sdk.server.store.store import Store


def health(url):
    """The health of the server, without a credential."""
    answer = httpx.get(url + "/api/v1/system/health")
    return answer.status_code, Answer[Health].model_validate_json(answer.content).data


def test_health_is_measured_and_needs_no_credential(api):
    """Counts are those of the tasks and agents; latency and times were measured; nothing is invented."""
    _, before = health(api.url)
    task = api.task()
    api.patch(f"/tasks/{task['id']}", {"status": "active"})
    status, during = health(api.url)
    api.patch(f"/tasks/{task['id']}", {"status": "completed"})
    _, after = health(api.url)
    assert (status, during.status, during.version) == (200, "healthy", "0.1.0")
    assert during.metrics.active_tasks == (before.metrics.active_tasks or 0) + 1
    assert after.metrics.active_tasks == before.metrics.active_tasks
    assert after.metrics.completed_today == (before.metrics.completed_today or 0) + 1
    assert during.services.database.latency is not None
    assert 0 < during.services.database.latency < 1_000
    assert during.services.agents is not None
    assert during.services.agents.total == len(api.get("/agents"))
    assert during.metrics.average_response_time is not None
    assert during.metrics.error_rate == 0


def test_health_ignores_a_bad_credential(api):
    """A health check with an old token is answered all the same."""
    headers = {"Authorization": "Bearer old"}
    assert httpx.get(api.url + "/api/system/health", headers=headers).status_code == 200


def test_health_without_its_database_is_503(launched, tmp_path, monkeypatch):
    """The body is a health body, and says which service is the matter."""
    with launched(tmp_path, Settings(simulate=False)) as api:

        def broken(_self: Store) -> None:
            raise OperationalError("SELECT 1", None, Exception("disk I/O error"))

        monkeypatch.setattr(Store, "latency", broken)
        status, found = health(api.url)
        assert (status, found.status, found.services.database.status) == (503, "unhealthy", "unhealthy")


def test_fault_is_a_500_without_its_reason(launched, tmp_path, monkeypatch, caplog):
    """What nobody foresaw is logged, and the caller gets the documented form and no traceback."""
    with launched(tmp_path, Settings(simulate=False)) as api:

        def broken(*_args: object, **_kwargs: object) -> None:
            raise ZeroDivisionError("a secret of the code")

        monkeypatch.setattr("coordinaitor_sdk.server.routes.tasks.page_of", broken)
        answer = api("GET", "/tasks")
        assert answer.status_code == 500
        assert answer.json()["error"]["code"] == "INTERNAL_ERROR"
        assert "secret" not in answer.text
        assert answer.headers["x-request-id"] == answer.json()["meta"]["requestId"]
        assert "a secret of the code" in caplog.text
        assert health(api.url)[1].metrics.error_rate == pytest.approx(1.0)


def logs(api, **params):
    """Lines of the log."""
    answer = api("GET", "/system/logs", params=params)
    return Answer[list[LogEntry]].model_validate_json(answer.content).data


class TestMetrics:
    def test_counts_follow_what_happens(self, own):
        """Of tasks, projects and webhooks; nothing is invented."""

        def metrics():
            answer = own("GET", "/system/metrics")
            return Answer[SystemMetrics].model_validate_json(answer.content).data

        before = metrics()
        task = own.task()["id"]
        own.patch(f"/tasks/{task}", {"status": "completed"})
        own.task()
        own.post("/projects", {"name": "P"})
        own.post("/webhooks", {"url": "http://127.0.0.1:9/x", "events": ["user.registered"]})
        after = metrics()
        assert after.tasks.completed_today - before.tasks.completed_today == 1
        assert after.tasks.total - before.tasks.total == 2
        assert after.tasks.pending - before.tasks.pending == 1
        assert after.projects.active - before.projects.active == 1
        assert after.webhooks.active - before.webhooks.active == 1
        assert after.requests.total - before.requests.total == 6
        assert after.agents.total == len(own.get("/agents"))
        assert after.database.size >= before.database.size > 0
        assert after.process.cpu_seconds > before.process.cpu_seconds > 0
        assert after.requests.p95_response_time is not None
        assert after.requests.average_response_time is not None

    def test_deliveries_are_counted_by_their_end(self, own, eventually):
        """Delivered, or waiting for another attempt: then webhooks are degraded, and so is the whole."""

        def status():
            answer = own("GET", "/system/status")
            return Answer[SystemStatus].model_validate_json(answer.content).data

        with Receiver() as receiver:
            own.post("/webhooks", {"url": receiver.url, "events": ["task.deleted"]})
            before = own.get("/system/metrics")["webhooks"]["delivered"]
            assert own("DELETE", f"/tasks/{own.task()['id']}").status_code == 204
            eventually(lambda: own.get("/system/metrics")["webhooks"]["delivered"] == before + 1)
        assert status().services.webhooks.status == "healthy"
        own.post("/webhooks", {"url": f"http://127.0.0.1:{free_port()}/", "events": ["task.cancelled"]})
        own.patch(f"/tasks/{own.task()['id']}", {"status": "cancelled"})
        eventually(lambda: status().services.webhooks.retrying == 1)
        found = status()
        assert (found.status, found.services.webhooks.status) == ("degraded", "degraded")
        assert found.services.database.status == "healthy"


class TestStatus:
    def test_every_service_is_told(self, launched, tmp_path):
        """Whether simulated agents work, what waits, how many sockets there are."""
        with launched(tmp_path, Settings(simulate=False)) as api:
            answer = api("GET", "/system/status")
        found = Answer[SystemStatus].model_validate_json(answer.content).data
        assert (found.status, found.services.agents.simulated) == ("healthy", False)
        assert found.services.scheduler.overdue == 0
        assert found.started_at < found.timestamp

    def test_without_its_database_it_is_503(self, launched, tmp_path, monkeypatch):
        """In the documented form of a failure."""
        with launched(tmp_path, Settings(simulate=False)) as api:

            def broken(_self: Store) -> None:
                raise OperationalError("SELECT 1", None, Exception("disk I/O error"))

            monkeypatch.setattr(Store, "latency", broken)
            answer = api("GET", "/system/status")
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")


class TestLogs:
    def test_a_request_is_told_with_its_id(self, api, unique):
        """Good ones as info, refused ones as warn; of the address the path alone."""
        for path, status, level in (("/tasks", 200, "info"), (f"/tasks/{unique('none-')}", 404, "warn")):
            answer = api("GET", path, params={} if level == "warn" else {"search": "a-secret"})
            (line,) = [line for line in logs(api) if line.request_id == answer.headers["x-request-id"]]
            assert (line.level, line.service) == (level, "api")
            assert line.message.startswith(f"GET /api/v1{path} {status} ")
            assert "a-secret" not in line.message

    def test_logins_are_told_without_what_was_typed(self, api):
        """Good and refused ones."""
        body = {"email": "admin@orchestrator.com", "password": "not-the-password"}
        httpx.post(f"{api.url}/api/auth/login", json=body)
        httpx.post(f"{api.url}/api/auth/login", json=body | {"password": "admin123"})
        httpx.post(f"{api.url}/api/auth/login", json={"email": "oops-my-password", "password": "x"})
        refused, accepted, unknown = logs(api, service="auth")[-3:]
        assert (refused.level, refused.message) == ("warn", "the login of user-123 was refused")
        assert (accepted.level, accepted.message[:18]) == ("info", "user-123 logged in")
        assert (unknown.level, unknown.message) == ("warn", "the login of nobody known was refused")

    def test_filters_and_limit_narrow_it(self, api):
        """The newest, oldest first; each filter exact."""
        for _ in range(3):
            api("GET", "/tasks/none")
        found = logs(api, level="warn", service="api", limit=2)
        assert len(found) == 2
        assert {(line.level, line.service) for line in found} == {("warn", "api")}
        assert found[0].timestamp < found[1].timestamp
        assert logs(api, service="scheduler") == []

    def test_since_continues_without_gap_or_repeat(self, own):
        """However small the pieces, and although more is logged meanwhile; no two have the same moment."""
        start = logs(own)[-1]
        for _ in range(25):
            own("GET", "/agents")
        found, since = [], start.timestamp
        while piece := logs(own, since=since, limit=7):
            found += piece
            since = piece[-1].timestamp
            if len(found) > 40:
                break
        numbers = [int(line.id.removeprefix("log-")) for line in found]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert numbers[0] == int(start.id.removeprefix("log-")) + 1
        assert all(one.timestamp < other.timestamp for one, other in pairwise(found))
        assert len([line for line in found if "/agents " in line.message]) == 25

    def test_it_is_kept_over_a_restart(self, own, own_server):
        """What was noted just before the stop, too."""
        answer = own("GET", "/projects")
        own_server.restart()
        assert answer.headers["x-request-id"] in [line.request_id for line in logs(own)]

    @pytest.mark.parametrize(
        "query", ["level=fatal", "service=redis", "since=yesterday", "limit=0", "limit=1001", "page=2"]
    )
    def test_wrong_parameters_are_400(self, api, query):
        """And named."""
        assert list(api.details("GET", f"/system/logs?{query}", 400)) == [query.partition("=")[0]]

    def test_it_holds_no_secret(self, own, own_server):
        """No password, key or token, wherever it was sent."""
        login = {"email": "admin@orchestrator.com", "password": "admin123"}
        tokens = httpx.post(f"{own.url}/api/auth/login", json=login).json()
        httpx.get(f"{own.url}/api/tasks?token={tokens['accessToken']}")
        httpx.post(f"{own.url}/api/auth/refresh", json={"refreshToken": tokens["refreshToken"]})
        logs(own)
        with sqlite3.connect(own_server.database) as raw:
            lines = "\n".join(row[0] for row in raw.execute("SELECT message FROM logs"))
        raw.close()
        for secret in ("admin123", "ak_test-key", tokens["accessToken"], tokens["refreshToken"]):
            assert secret not in lines

    def test_each_organization_has_its_own(self, own):
        """What one does the other does not read; requests without a credential are the first one's."""
        body = {"email": "admin@acme.example", "password": "admin123"}
        token = httpx.post(f"{own.url}/api/auth/login", json=body).json()["accessToken"]
        with httpx.Client(headers={"Authorization": f"Bearer {token}"}, base_url=f"{own.url}/api/v1") as acme:
            answer = acme.get("/tasks/task-201")
            theirs = acme.get("/system/logs").json()["data"]
        assert answer.headers["x-request-id"] in [line["requestId"] for line in theirs]
        assert answer.headers["x-request-id"] not in [line.request_id for line in logs(own)]
        assert not [line for line in theirs if "/projects" in line["message"]]

    def test_agents_tell_what_they_do(self, server_process, api_of, eventually):
        """What they start, complete and fail at."""
        server_process.start(api_key="ak_test-key", sim_speed=40)
        api = api_of(server_process.url)
        good = api.task(estimatedHours=2, tags=["python"])["id"]
        bad = api.task(estimatedHours=2, tags=["simulate-failure"])["id"]
        eventually(lambda: len(logs(api, service="agents")) == 4)
        told = [(line.level, line.message.partition(" ")[2]) for line in logs(api, service="agents")]
        assert set(told) == {
            ("info", f"started {good}"),
            ("info", f"completed {good}"),
            ("info", f"started {bad}"),
            ("error", f"failed {bad}"),
        }

    def test_a_log_line_costs_no_request_its_time(self, launched, tmp_path, monkeypatch):
        """A database that refuses to write the log refuses no read; the lines come once it can."""
        with launched(tmp_path, Settings(simulate=False)) as api:
            started = time.monotonic()
            with sqlite3.connect(tmp_path / "server.db", isolation_level=None) as raw:
                raw.execute("BEGIN IMMEDIATE")
                answers = [api("GET", "/tasks") for _ in range(5)]
                assert time.monotonic() - started < 4
                raw.execute("ROLLBACK")
            raw.close()
            ids = [line.request_id for line in logs(api)]
            assert [answer.headers["x-request-id"] for answer in answers] == ids[-5:]
