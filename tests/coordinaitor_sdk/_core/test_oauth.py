"""The request of an OAuth code."""

from urllib.parse import parse_qs, urlsplit

import pytest

from coordinaitor_sdk._core.oauth import OAuthClient, authorization_request, challenge_of
from coordinaitor_sdk.exceptions import InvalidArgumentError

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_challenge_is_the_rfcs():
    """Its own example."""
    assert challenge_of(VERIFIER) == CHALLENGE


def test_the_address_carries_what_was_asked_for():
    """Scopes separated by blanks, the challenge instead of the verifier."""
    request = authorization_request(
        "http://localhost:3000",
        "my app",
        redirect_uri="http://127.0.0.1/cb?x=1",
        scope=["tasks:read", "agents:read"],
        state="s&t",
        code_verifier=VERIFIER,
    )
    parts = urlsplit(request.url)
    assert (parts.netloc, parts.path) == ("localhost:3000", "/oauth/authorize")
    assert parse_qs(parts.query) == {
        "response_type": ["code"],
        "client_id": ["my app"],
        "redirect_uri": ["http://127.0.0.1/cb?x=1"],
        "scope": ["tasks:read agents:read"],
        "state": ["s&t"],
        "code_challenge": [CHALLENGE],
        "code_challenge_method": ["S256"],
    }
    assert VERIFIER not in repr(request)


def test_what_was_not_asked_for_is_not_sent():
    """The server's defaults hold."""
    request = authorization_request(
        "http://h", "app", redirect_uri=None, scope=None, state="s", code_verifier=None
    )
    assert set(parse_qs(urlsplit(request.url).query)) == {"response_type", "client_id", "state"}


def test_a_client_sends_its_secret_in_the_form_and_shows_it_nowhere():
    """RFC 6749, 2.3.1."""
    secretive = OAuthClient("app", "s3cret")
    assert secretive.form(grant_type="refresh_token", code=None) == (
        b"grant_type=refresh_token&client_id=app&client_secret=s3cret"
    )
    assert b"client_secret" not in OAuthClient("app").form(grant_type="refresh_token")
    assert "s3cret" not in repr(secretive)


@pytest.mark.parametrize("verifier", ["short", "x" * 129, "ü" * 50])
def test_a_verifier_that_is_none_is_refused(verifier):
    """RFC 7636, 4.1."""
    with pytest.raises(InvalidArgumentError, match="43 to 128"):
        challenge_of(verifier)


def test_a_client_needs_an_id():
    """Nothing could be asked for."""
    with pytest.raises(InvalidArgumentError, match="client_id"):
        authorization_request("http://h", "", redirect_uri=None, scope=None, state="s", code_verifier=None)
