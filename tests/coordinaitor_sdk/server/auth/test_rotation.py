"""Refresh tokens that rotate (`--rotate-refresh`), and those that don't."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from coordinaitor_sdk.server.auth.gate import Gate
from coordinaitor_sdk.server.auth.sessions import Sessions
from coordinaitor_sdk.server.auth.tokens import Tokens
from coordinaitor_sdk.server.errors import AuthenticationError
from coordinaitor_sdk.server.system_log import SystemLog

LOGIN = {"email": "admin@orchestrator.com", "password": "admin123"}


@pytest.fixture
def rotating(server_process):
    """A server whose refresh tokens rotate."""
    return server_process.start(agents="off", rotate_refresh=True)


def login(server):
    """A new session's tokens."""
    return httpx.post(f"{server.url}/api/auth/login", json=LOGIN).json()


def refresh(server, token):
    """The answer to a refresh."""
    return httpx.post(f"{server.url}/api/auth/refresh", json={"refreshToken": token})


def test_without_it_the_first_refresh_token_is_kept(server):
    """As the document's own client expects."""
    first = login(server)["refreshToken"]
    assert {refresh(server, first).json()["refreshToken"] for _ in range(3)} == {first}


def test_each_refresh_gives_another_token_that_holds(rotating):
    """And access tokens that open."""
    tokens = [login(rotating)["refreshToken"]]
    for _ in range(3):
        answer = refresh(rotating, tokens[-1]).json()
        tokens.append(answer["refreshToken"])
        bearer = {"Authorization": f"Bearer {answer['accessToken']}"}
        assert httpx.get(f"{rotating.url}/api/tasks", headers=bearer).status_code == 200
    assert len(set(tokens)) == 4


def test_the_old_token_yields_the_same_successor_for_a_while(rotating):
    """Whose answer was lost asks again, also after a restart."""
    first = login(rotating)["refreshToken"]
    second = refresh(rotating, first).json()["refreshToken"]
    assert refresh(rotating, first).json()["refreshToken"] == second
    rotating.restart()
    assert refresh(rotating, first).json()["refreshToken"] == second


def test_many_at_once_get_the_same_successor(rotating):
    """Two processes that share a token don't log each other out."""
    first = login(rotating)["refreshToken"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(rotating, first), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refreshToken"] for answer in answers}) == 1


def test_an_older_token_ends_the_session_with_all_that_belongs_to_it(rotating):
    """The newest refresh token, the access tokens, and the socket (4401)."""
    first = login(rotating)["refreshToken"]
    second = refresh(rotating, first).json()["refreshToken"]
    newest = refresh(rotating, second).json()
    bearer = {"Authorization": f"Bearer {newest['accessToken']}"}
    with connect(rotating.ws_url, additional_headers=bearer) as raw:
        raw.recv()
        reused = refresh(rotating, first)
        assert (reused.status_code, reused.json()["error"]["code"]) == (401, "AUTHENTICATION_ERROR")
        assert "used before" in reused.json()["error"]["message"]
        assert json.loads(raw.recv(timeout=5))["code"] == "AUTHENTICATION_ERROR"
        with pytest.raises(ConnectionClosed) as closed:
            raw.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
    assert refresh(rotating, newest["refreshToken"]).status_code == 401
    assert httpx.get(f"{rotating.url}/api/tasks", headers=bearer).status_code == 401


def test_the_grace_ends_after_a_minute(opened):
    """On the world's clock: at 59 s the successor, at 60 s the end of the session."""
    ended: list[tuple[str, str]] = []

    async def work() -> None:
        async with opened() as it:
            tokens = Tokens("a secret of thirty-two characters", 3600.0)
            gate = Gate(it.store.read, it.worlds, tokens)
            log = SystemLog(it.store, it.worlds)
            sessions = Sessions(
                it.store,
                it.worlds,
                tokens,
                gate,
                log,
                on_end=lambda *session: ended.append(session),
                rotate=True,
            )
            _, begun = await it.write(lambda change: sessions.begin(change, "user-123"))
            first = begun["refreshToken"]
            successor = (await sessions.refresh(first))["refreshToken"]
            it.clock.advance(59)
            assert (await sessions.refresh(first))["refreshToken"] == successor
            it.clock.advance(1)
            with pytest.raises(AuthenticationError, match="used before"):
                await sessions.refresh(first)
            with pytest.raises(AuthenticationError, match="has ended"):
                await sessions.refresh(successor)

    asyncio.run(work())
    assert ended == [("org-456", "session-1001")]
