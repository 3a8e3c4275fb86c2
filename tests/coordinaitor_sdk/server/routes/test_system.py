"""Health."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from coordinaitor_sdk.server.schemas.answers import Answer, Health
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

        monkeypatch.setattr(Store, "ping", broken)
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
