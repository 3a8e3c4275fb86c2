"""`client.webhooks` against the real server, in both clients."""

import pytest
from both import client

from coordinaitor_sdk.exceptions import InvalidArgumentError, ValidationFailedError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, idle_place):
    async with client(kind, idle_place.url, api_key="ak_test") as api:
        yield api


async def test_a_webhook_keeps_what_it_was_created_with(api):
    """Its secret is shown this once, and in no repr."""
    made = await api.webhooks.create(
        "http://127.0.0.1:9/hook",
        ["task.created", "agent.status_changed"],
        secret="your-webhook-secret",
        active=False,
        headers={"X-Mine": "1"},
    )
    assert (made.url, made.events, made.active, made.headers, made.secret) == (
        "http://127.0.0.1:9/hook",
        ["task.created", "agent.status_changed"],
        False,
        {"X-Mine": "1"},
        "your-webhook-secret",
    )
    assert "your-webhook-secret" not in repr(made)


async def test_a_secret_is_made_where_none_was_given(api):
    """To verify deliveries with."""
    made = await api.webhooks.create("http://127.0.0.1:9/hook", ["task.created"], active=False)
    assert len(made.secret) >= 16


async def test_an_unknown_event_is_the_servers_to_refuse(api):
    """422."""
    with pytest.raises(ValidationFailedError):
        await api.webhooks.create("http://127.0.0.1:9/hook", ["task.exploded"])


@pytest.mark.parametrize("wrong", [("", ["task.created"]), ("http://h", []), ("http://h", "task.created")])
async def test_what_can_not_be_meant_is_refused_at_once(offline, wrong):
    """Before anything is sent."""
    with pytest.raises(InvalidArgumentError):
        await offline.webhooks.create(*wrong)
