"""What a user may import, and what importing costs."""

import subprocess
import sys

import pytest

import coordinaitor_sdk

SURFACE = {
    "APIError", "Agent", "AgentEvent", "AgentLogEntry", "AgentMetrics", "ApiKey", "AsyncCoordinaitor",
    "AsyncPager", "AsyncTaskWatch", "Attempt", "AuthenticationError", "AuthorizationError",
    "AuthorizationRequest", "BadRequestError", "Comment", "ConfigurationError", "ConflictError",
    "ConnectionFailedError", "Coordinaitor", "CoordinaitorError", "DeadlineExceededError",
    "FileTokenStore", "Health", "InvalidArgumentError", "KeyringTokenStore", "MemoryTokenStore", "TokenStore",
    "LogEntry", "LoginResult", "NOT_GIVEN", "NotFoundError", "NotGiven",
    "Notification", "OrchestratorClient", "Page", "Pager", "Pagination", "PoolTimeoutError", "Project",
    "ProjectEvent", "RateLimitError", "ResponseDecodeError", "Retry", "ServerError",
    "ServiceUnavailableError", "SystemMetrics", "SystemStatus", "Task", "TaskCancelledError",
    "TaskDeletedError", "TaskEvent", "TaskFailedError", "TaskFile", "TaskUpdate", "TaskWatch",
    "TeamMember", "TimeoutExceededError", "Tokens", "User", "UserEvent", "ValidationFailedError",
    "WatchError", "WatchTimeoutError", "Webhook", "WebhookEvent", "WebhookPayloadError",
    "WebhookSignatureError", "WebhookTimestampError", "__version__", "webhooks",
    "AsyncMiddleware", "AsyncSend", "Cache", "CallOptions", "HealthChange", "HttpRequest",
    "AgentUpdate", "AgentWatch", "AsyncAgentWatch", "AsyncProjectWatch", "ProjectDeletedError",
    "ProjectUpdate", "ProjectWatch",
    "HttpResponse", "Middleware", "PacingTimeoutError", "PostOptions", "RateLimit", "RawResponse", "Send",
    "AsyncEventFeed", "EventFeed", "Resync",
}  # fmt: skip


def test_all_is_pinned():
    """A name that appears or goes is a decision."""
    assert set(coordinaitor_sdk.__all__) == SURFACE


@pytest.mark.parametrize("name", sorted(SURFACE))
def test_every_name_can_be_imported(name):
    """The lazy table names real things."""
    assert getattr(coordinaitor_sdk, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    """As of any module."""
    with pytest.raises(AttributeError, match="Coordinator"):
        _ = coordinaitor_sdk.Coordinator


def test_the_documents_name_is_the_async_client():
    """`OrchestratorClient` is not a third client."""
    assert coordinaitor_sdk.OrchestratorClient is coordinaitor_sdk.AsyncCoordinaitor


def test_importing_the_package_loads_nothing_heavy():
    """A script that only looks at the version pays nothing for HTTP."""
    code = "import sys, coordinaitor_sdk; print(*sys.modules)"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    assert not loaded & {"httpx", "pydantic", "websockets", "anyio", "tenacity", "asyncio", "rich", "typer"}


def test_a_sync_client_that_never_watches_loads_no_socket_and_no_loop():
    """They come with the first watch."""
    code = "import sys, coordinaitor_sdk as c; c.Coordinaitor(api_key='k'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"websockets", "asyncio", "anyio.from_thread"}


def test_the_contract_is_in_the_docs():
    """The copy that the contract tests read."""
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "api-documentation.md").read_text("utf-8")
    assert text.startswith("# API Documentation")
