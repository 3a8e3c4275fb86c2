"""`client.system` against the real server, in both clients."""

from itertools import pairwise

import pytest
from both import client

from coordinaitor_sdk.exceptions import BadRequestError, InvalidArgumentError, NotFoundError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, idle_place):
    async with client(kind, idle_place.url, api_key="ak_test") as api:
        yield api


async def test_health_needs_no_credentials(kind, idle_place):
    """A monitor has none."""
    async with client(kind, idle_place.url) as api:
        health = await api.system.health()
    assert health.status == "healthy"
    assert health.services["database"].latency >= 0
    assert health.services["agents"].total >= 3
    assert "redis" not in health.services


async def test_metrics_are_typed(api):
    """Every figure that the reference server gives has a field."""
    await api.system.status()  # else there may be no request yet whose time could be told
    metrics = await api.system.metrics()
    assert metrics.agents.total >= 3
    assert metrics.tasks.total >= 5
    assert metrics.projects.active >= 1
    assert metrics.requests.p95_response_time >= 0
    assert metrics.process.cpu_seconds > 0
    assert metrics.database.size > 0
    assert metrics.webhooks.delivered >= 0
    assert metrics.realtime.connections >= 0
    for part in (metrics, *vars(metrics).values()):
        assert not getattr(part, "model_extra", None) or set(part.model_extra) == {"message"}


async def test_status_tells_of_every_service(api):
    """And since when the server runs."""
    status = await api.system.status()
    assert {"api", "database", "realtime", "scheduler", "agents", "webhooks"} <= set(status.services)
    assert status.started_at < status.timestamp
    assert status.services["database"].status == "healthy"


class TestLogs:
    async def test_the_last_entry_continues_the_list(self, api):
        """Oldest first, at most `limit`, none twice."""
        newest = await api.system.logs(limit=5)
        assert len(newest) == 5
        assert all(earlier.timestamp < later.timestamp for earlier, later in pairwise(newest))
        first = await api.system.logs(since=newest[0].timestamp, limit=2)
        assert [entry.id for entry in first] == [entry.id for entry in newest[1:3]]
        more = await api.system.logs(since=first[-1].timestamp, limit=2)
        assert [entry.id for entry in more] == [entry.id for entry in newest[3:5]]

    async def test_it_is_filtered(self, api):
        """By level and service."""
        with pytest.raises(NotFoundError):
            await api.tasks.get("task-none")
        entries = await api.system.logs(level="warn", service="api", limit=3)
        assert {(entry.level, entry.service) for entry in entries} == {("warn", "api")}
        with pytest.raises(BadRequestError):
            await api.system.logs(level="loud")

    @pytest.mark.parametrize("wrong", [{"limit": 0}, {"since": "yesterday"}])
    async def test_what_can_not_be_meant_is_refused_at_once(self, offline, wrong):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError):
            await offline.system.logs(**wrong)


async def test_an_unknown_path_is_not_found_and_says_what_to_check(kind, idle_place, form):
    """Deployed servers answer it with a web page."""
    url, prefix = idle_place.url, f"{idle_place.prefix}/elsewhere"
    async with client(kind, url, api_prefix=prefix, api_key="ak_test") as api:
        with pytest.raises(NotFoundError, match="nothing at" if form.documented else "check base_url"):
            await api.system.metrics()
