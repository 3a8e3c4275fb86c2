"""Faults of credentials and of the door: tokens that expire or are rotated, handshakes that are refused."""

import asyncio
import subprocess
import sys

import pytest
from both import client
from relay import relayed
from scripted import task
from watching import Followed, kinds, live, until

from coordinaitor_sdk import FileTokenStore
from coordinaitor_sdk.exceptions import AuthenticationError

pytestmark = pytest.mark.anyio

MINUTE = 60


@pytest.fixture
def login(world):
    return {"email": world.admin.email, "password": world.admin.password}


class TestTokens:
    async def test_one_that_expires_in_the_middle_is_renewed(
        self, side, controlled, control, world, login, direct
    ):
        """The server closes with 4408; the next connection has another token, and goes on without a gap."""
        async with client(side, controlled.url, **login) as api:
            made, followed = await live(api, direct)
            control.advance(world.world, 120 * MINUTE)
            for progress in (0.1, 0.2):
                await direct.tasks.update(made.id, progress=progress)
            await direct.tasks.update(made.id, status="completed")
            seen = await followed.rest()
        assert [update.progress for update in seen] == [0.1, 0.2, 1.0]
        assert {update.source for update in seen} == {"push"}

    async def test_one_that_expires_while_disconnected_is_renewed(
        self, side, proxy, control, world, login, direct
    ):
        """Nobody said so: the handshake is refused first."""
        async with client(side, proxy.url, **login, timeout=2.0) as api:
            made, followed = await live(api, direct)
            proxy.down = True
            proxy.reset()
            await until(lambda: followed.state != "live")
            control.advance(world.world, 120 * MINUTE)
            await direct.tasks.update(made.id, progress=0.5)
            proxy.down = False
            seen = [await followed.next()]
            await direct.tasks.update(made.id, status="completed")
            seen += await followed.rest()
        assert kinds(seen) == ["progress", "completed"]
        assert seen[-1].source == "push"

    async def test_a_refresh_token_that_another_process_rotated_is_taken_from_the_store(
        self, side, controlled, control, world, login, direct, tmp_path
    ):
        """Its own old one would end the session for both."""
        path = tmp_path / "tokens.json"
        async with client("async", controlled.url, token_store=FileTokenStore(path), **login) as first:
            await first.auth.login()
        async with client(side, controlled.url, token_store=FileTokenStore(path)) as api:
            made, followed = await live(api, direct)
            control.advance(world.world, 50 * MINUTE)
            await asyncio.to_thread(_refresh_in_another_process, controlled.url, path)
            control.advance(world.world, 20 * MINUTE)  # the old one is taken for another minute only
            await direct.tasks.update(made.id, progress=0.5)
            assert (await followed.next()).progress == 0.5
            await direct.tasks.update(made.id, status="completed")
            assert [(one.type, one.source) for one in await followed.rest()] == [("completed", "push")]
            assert (await api.tasks.get(made.id)).status == "completed"

    async def test_a_session_that_was_ended_ends_the_watch(self, side, controlled, login, direct, tmp_path):
        """With the error that says what to do; waiting would be in vain."""
        store = FileTokenStore(tmp_path / "tokens.json")
        async with client("async", controlled.url, token_store=store, **login) as first:
            tokens = await first.auth.login()
            async with client(side, controlled.url, access_token=tokens.access_token) as api:
                _, followed = await live(api, direct)
                await first.auth.logout()
                with pytest.raises(AuthenticationError):
                    await followed.rest()


def _refresh_in_another_process(url, path):
    code = (
        "import sys; from pathlib import Path; from coordinaitor_sdk import Coordinaitor, FileTokenStore\n"
        "store = FileTokenStore(Path(sys.argv[2]))\n"
        "before = store.load().refresh\n"
        "with Coordinaitor(sys.argv[1], token_store=store) as client:\n"
        "    client.auth.refresh()\n"
        "assert store.load().refresh != before\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, url, str(path)], check=True, timeout=30)


class TestHandshake:
    @pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
    async def test_rest_carries_a_watch_whose_handshake_is_refused(self, script, watch, status):
        """For good (403, 404), or until it is let in: a refusal that may pass is tried again first."""
        script.tasks["t"] = task(version=1)
        script.refuses = status
        followed = watch()
        await followed.next()
        await followed.becomes("polling")
        script.tasks["t"] = task(version=2, progress=0.5)
        update = await followed.next()
        assert (update.progress, update.source) == (0.5, "poll")
        assert bool(script.renewed) == (status == 401)
        script.refuses = None
        await followed.becomes("live")
        await script.push(task(version=3, status="completed"))
        assert [(update.type, update.source) for update in await followed.rest()] == [("completed", "push")]

    async def test_credentials_are_renewed_before_the_next_try(self, script, watch):
        """With those that were refused, so that a newer one is not thrown away."""
        script.tasks["t"] = task(version=1)
        script.refuses = 401
        followed = watch()
        await followed.next()
        await until(lambda: script.renewed)
        script.refuses = None
        await followed.becomes("live")
        assert script.renewed[0] == {"X-API-Key": "key-0"}
        assert script.connections[-1].request.headers["X-API-Key"] == f"key-{len(script.renewed)}"

    @pytest.mark.parametrize("status", [429, 503])
    async def test_it_is_not_tried_again_before_the_server_said(self, script, watch, status):
        """`Retry-After` holds for the handshake too."""
        script.tasks["t"] = task(version=1)
        script.refuses, script.retry_after = status, "30"
        followed = watch()
        await followed.next()
        await script.until(lambda: script.refused == 1)
        await asyncio.sleep(0.7)  # the backoff is 0.02 s here
        assert script.refused == 1

    async def test_a_proxy_that_takes_the_upgrade_away_leaves_rest(self, side, controlled, world, direct):
        """A real proxy before the real server: the request arrives as a plain GET."""
        with relayed(controlled) as proxy:
            async with client(side, proxy.url, api_key=world.api_key) as api:
                made = await direct.tasks.create(title="x")
                followed = Followed(api.tasks.watch(made.id))
                seen = [await followed.next()]
                await followed.becomes("polling")
                await direct.tasks.update(made.id, progress=0.5)
                seen.append(await followed.next())
                await direct.tasks.update(made.id, status="completed")
                seen += await followed.rest()
        assert kinds(seen) == ["progress", "progress", "completed"]
        assert {update.source for update in seen[1:]} == {"poll"}


class TestCloses:
    @pytest.mark.parametrize("code", [4401, 4403, 4408, 4409, 4429])
    async def test_each_code_of_ours_is_followed_by_a_connection_that_goes_on(self, script, watch, code):
        """Other credentials are asked for only where these were what was wrong."""
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        await script.connections[-1].close(code)
        await script.until(lambda: script.subscriptions(2))
        await script.push(task(version=2, status="completed"))
        assert kinds(await followed.rest()) == ["completed"]
        assert script.renewed == ([{"X-API-Key": "key-0"}] if code in {4401, 4408} else [])
        assert script.fetched == ["t"]
