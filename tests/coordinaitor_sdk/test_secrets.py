"""A canary secret: it shows in no log, repr, error, traceback or pickle (DESIGN 3.11)."""

import io
import logging
import pickle
import traceback

import pytest
from both import KINDS, client
from network import Proxy
from raw_server import RawServer, answer

from coordinaitor_sdk import Cache, Retry, Tokens
from coordinaitor_sdk.exceptions import CoordinaitorError
from coordinaitor_sdk.profiles import Credentials, Explicit, Settings, resolve

pytestmark = pytest.mark.anyio
CANARY = "canary-5up3r53cr3t"
ONCE = Retry(attempts=1)
LOGIN = b'{"success":true,"data":{"accessToken":"%s-a","refreshToken":"%s-r","expiresIn":3600}}' % (
    CANARY.encode(),
    CANARY.encode(),
)
WAYS = {
    "api_key": {"api_key": CANARY},
    "password": {"email": "me@example.com", "password": CANARY},
    "access_token": {"access_token": CANARY},
    "refresh_token": {"refresh_token": CANARY},
}
# What a server may do to a request that carries a credential.
FATES = {
    "refused": [answer(b'{"error":"no"}', status="401 Unauthorized")],
    "forbidden": [answer(b'{"error":"no"}', status="403 Forbidden")],
    "failed": [answer(b"", status="500 Failed")],
    "cut": [answer(b"{", length=99)],
    "odd": [answer(b"<html>", "Content-Type: text/html")],
    "gone": [b""],
    "no HTTP": [b"SSH-2.0-OpenSSH\r\n"],
    "redirected": [answer(b"", "Location: https://example.org/", status="302 Found")],
    "logged in": [answer(LOGIN), answer(b'{"error":"no"}', status="403 Forbidden")],
}


@pytest.fixture
def log():
    """All that anyone logs, at the most talkative level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(1)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def shown(error):
    """All that a traceback can show, local variables included."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [
        (frame.filename, frame.lineno, frame.locals)
        for one in _chain(told)
        for frame in one.stack
        if "coordinaitor_sdk" in frame.filename and "/tests/" not in frame.filename
    ]
    return "".join(traceback.format_exception(error)) + repr(ours)


def _chain(told):
    while told is not None:
        yield told
        told = told.__cause__ or told.__context__


@pytest.mark.parametrize(
    ("way", "fate"),
    [
        (way, fate)
        for way in WAYS
        for fate in FATES
        if fate != "logged in" or way in {"password", "refresh_token"}
    ],
)
async def test_whatever_happens_to_a_call(kind, way, fate, log):
    """The error, its traceback with local variables, its pickle, the client, and every log line."""
    with RawServer(*FATES[fate]) as server:
        async with client(kind, server.url, retry=ONCE, deadline=10, **WAYS[way]) as c:
            with pytest.raises(CoordinaitorError) as caught:
                await c.tasks.get("t")
            seen = [shown(caught.value), repr(c), repr(getattr(c, "_wrapped", c).__dict__), repr(c.settings)]
        assert any(CANARY.encode() in request for request in server.requests), "it was sent"
    error = caught.value
    seen += [str(error), repr(error), repr(error.__dict__), log.getvalue()]
    seen.append(pickle.dumps(error).decode("latin-1"))
    assert [text for text in seen if CANARY in text] == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_watch_that_is_refused(kind, log):
    """The handshake carries the credential too."""
    with RawServer(answer(b'{"error":"no"}', status="401 Unauthorized")) as server:
        async with client(kind, server.url, api_key=CANARY, retry=ONCE) as c:
            with pytest.raises(CoordinaitorError) as caught:
                await c.tasks.wait("t", timeout=10)
    assert CANARY not in shown(caught.value) + log.getvalue()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_with_a_password(kind, log):
    """It stands in an address, which errors like to quote."""
    with Proxy("user:right") as proxy:
        url = proxy.url.replace("right", CANARY)
        async with client(kind, "https://localhost:9", proxy=url, retry=ONCE) as c:
            with pytest.raises(CoordinaitorError) as caught:
                await c.system.health()
            told = repr(getattr(c, "_wrapped", c).__dict__)
    assert CANARY not in shown(caught.value) + str(caught.value) + log.getvalue() + told


async def test_what_holds_a_credential_does_not_show_it(tmp_path):
    """Nor does what holds that."""
    held = [
        Tokens(access=CANARY, refresh=CANARY),
        Credentials("argument", api_key=CANARY),
        Credentials("argument", email="me", password=CANARY, tokens=Tokens(access=CANARY)),
        Explicit(api_key=CANARY, password=CANARY, access_token=CANARY, refresh_token=CANARY),
        resolve(Explicit(api_key=CANARY), environ={}, directory=tmp_path),
        Cache(),
    ]
    assert isinstance(held[-2], Settings)
    assert CANARY not in repr(held) + str(held)


async def test_a_credential_that_no_header_can_carry_is_not_quoted():
    """Though it is what the error is about."""
    for wrong in (f"{CANARY}\n", f"{CANARY}ü", f"{CANARY} x"):
        with pytest.raises(CoordinaitorError) as caught:
            client("sync", api_key=wrong)
        assert CANARY not in str(caught.value) + repr(caught.value)
