"""OAuth over real HTTP: the page, the code, the tokens (RFC 6749, 7636, 8252)."""

from __future__ import annotations

import base64
import time
from urllib.parse import urlencode

import httpx
import pytest
from consent import ADMIN, answer, fields, told

from coordinaitor_sdk.server.domain.oauth import parse_clients
from coordinaitor_sdk.server.settings import Settings

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
OTHER = "response_type=code&client_id=secretive&scope=tasks:read"
PROOF = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
CLIENTS = (
    "public:http://127.0.0.1/cb",
    "secretive:s3cr3t:https://app.example/cb",
    "two:x:https://a.example/1",
)


@pytest.fixture(scope="module")
def place(launched_once):
    """The root of a server with these clients."""
    clients = parse_clients((*CLIENTS, "two:x:https://a.example/2"))
    with launched_once(Settings(simulate=False, oauth_clients=clients)) as api:
        yield api.url


def address(place, **given):
    """The page for a request."""
    return f"{place}/oauth/authorize?{urlencode({'response_type': 'code', **given})}"


def code_for(place, **given):
    """A code, with the user's consent."""
    return told(answer(address(place, **given)))["code"]


def exchange(place, **given):
    """The token endpoint's answer."""
    return httpx.post(f"{place}/oauth/token", data={"grant_type": "authorization_code", **given})


def error_of(response, status=400):
    """The RFC's error code."""
    assert response.status_code == status, response.text
    assert set(response.json()) == {"error", "error_description"}
    assert response.headers["cache-control"] == "no-store"
    return response.json()["error"]


def tasks(place, token):
    """The status of a read and of a write with this token."""
    headers = {"Authorization": f"Bearer {token}"}
    read = httpx.get(f"{place}/api/v1/tasks", headers=headers)
    write = httpx.post(f"{place}/api/v1/tasks", headers=headers, json={"title": "x"})
    return read.status_code, write.status_code


class TestPage:
    def test_it_shows_who_asks_for_what(self, place):
        """Escaped, in a page that nothing can frame or run in."""
        shown = httpx.get(address(place, client_id="public", scope="tasks:read agents:read", **PROOF))
        assert shown.status_code == 200
        for text in ("public", "tasks:read", "agents:read", "http://127.0.0.1/cb"):
            assert text in shown.text
        assert "<script" not in shown.text
        policy = shown.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self' http://127.0.0.1" in policy
        assert shown.headers["cache-control"] == "no-store"

    def test_what_it_shows_is_escaped(self, place):
        """A state, and everything else that comes from outside."""
        shown = httpx.get(address(place, client_id="public", state='"><b>x</b>', **PROOF))
        assert "<b>x" not in shown.text
        assert "state=%22%3E%3Cb%3Ex" in fields(shown.text)["request"]

    @pytest.mark.parametrize(
        "given",
        [
            {"client_id": "nobody"},
            {},
            {"client_id": "public", "redirect_uri": "http://127.0.0.1/other", **PROOF},
            {"client_id": "public", "redirect_uri": "https://evil.example/", **PROOF},
            {"client_id": "two"},
        ],
    )
    def test_an_unknown_client_or_redirect_is_told_to_the_user_alone(self, place, given):
        """Nobody is redirected to an address that nobody registered."""
        shown = httpx.get(address(place, **given))
        assert (shown.status_code, "location" in shown.headers) == (400, False)

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"scope": "tasks:eat", **PROOF}, "invalid_scope"),
            ({"code_challenge": CHALLENGE}, "invalid_request"),
            ({"code_challenge": "x", "code_challenge_method": "S256"}, "invalid_request"),
            ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "invalid_request"),
        ],
    )
    def test_what_can_not_be_granted_is_told_to_the_client(self, place, given, error):
        """At its redirect, with the state."""
        found = told(httpx.get(address(place, client_id="public", state="s", **given)))
        assert (found["error"], found["state"]) == (error, "s")

    def test_a_public_client_must_begin_a_proof(self, place):
        """PKCE."""
        assert told(httpx.get(address(place, client_id="public")))["error"] == "invalid_request"

    def test_a_wrong_password_shows_the_page_again(self, place):
        """401, with the form as it was."""
        shown = answer(address(place, client_id="secretive", state="s"), password="wrong")
        assert shown.status_code == 401
        assert "E-mail or password is wrong" in shown.text
        assert "state=s" in fields(shown.text)["request"]

    def test_cancel_gives_access_denied(self, place):
        """And needs no password."""
        found = answer(address(place, client_id="secretive", state="s"), decision="deny", password="")
        assert told(found) == {"error": "access_denied", "state": "s"}

    @pytest.mark.parametrize("forged", [{"check": "0" * 64}, {"check": ""}, {"request": OTHER}])
    def test_a_form_that_was_not_shown_to_this_browser_is_refused(self, place, forged):
        """Another page can't consent for the user."""
        assert answer(address(place, client_id="secretive"), **forged).status_code == 400
        form = fields(httpx.get(address(place, client_id="secretive")).text) | ADMIN | {"decision": "allow"}
        assert httpx.post(f"{place}/oauth/authorize", data=form).status_code == 400  # without its cookie


class TestCode:
    def test_a_public_client_exchanges_it_with_its_proof(self, place):
        """On a loopback redirect with any port."""
        redirect = "http://127.0.0.1:54321/cb"
        code = code_for(place, client_id="public", redirect_uri=redirect, scope="tasks:read", **PROOF)
        answered = exchange(
            place, code=code, client_id="public", redirect_uri=redirect, code_verifier=VERIFIER
        )
        found = answered.json()
        assert answered.status_code == 200
        assert answered.headers["cache-control"] == "no-store"
        assert (found["token_type"], found["expires_in"], found["scope"]) == ("Bearer", 3600, "tasks:read")
        for rfc, ours in (
            ("access_token", "accessToken"),
            ("refresh_token", "refreshToken"),
            ("expires_in", "expiresIn"),
        ):
            assert found[rfc] == found[ours]
        assert tasks(place, found["access_token"]) == (200, 403)

    @pytest.mark.parametrize("basic", [False, True])
    def test_a_confidential_client_exchanges_it_with_its_secret(self, place, basic):
        """In the form or by HTTP Basic; without a scope the token may do all that the user may."""
        code = code_for(place, client_id="secretive")
        form = {"grant_type": "authorization_code", "code": code}
        if basic:
            credentials = base64.b64encode(b"secretive:s3cr3t").decode()
            answered = httpx.post(
                f"{place}/oauth/token", data=form, headers={"Authorization": f"Basic {credentials}"}
            )
        else:
            answered = httpx.post(
                f"{place}/oauth/token", data=form | {"client_id": "secretive", "client_secret": "s3cr3t"}
            )
        assert tasks(place, answered.json()["access_token"]) == (200, 201)

    def test_a_code_used_twice_ends_the_session_that_it_opened(self, place):
        """RFC 6749, 4.1.2."""
        given = {
            "code": code_for(place, client_id="secretive"),
            "client_id": "secretive",
            "client_secret": "s3cr3t",
        }
        token = exchange(place, **given).json()["access_token"]
        assert tasks(place, token) == (200, 201)
        assert error_of(exchange(place, **given)) == "invalid_grant"
        assert tasks(place, token) == (401, 401)

    @pytest.mark.parametrize(
        ("changed", "error", "status"),
        [
            ({"code": "guessed"}, "invalid_grant", 400),
            ({"code_verifier": VERIFIER[:-1] + "x"}, "invalid_grant", 400),
            ({"code_verifier": ""}, "invalid_grant", 400),
            ({"redirect_uri": "http://127.0.0.1:1/cb"}, "invalid_grant", 400),
            ({"redirect_uri": ""}, "invalid_grant", 400),
            ({"client_id": "secretive", "client_secret": "s3cr3t"}, "invalid_grant", 400),
            ({"client_id": "secretive", "client_secret": "wrong"}, "invalid_client", 401),
            ({"client_id": "secretive"}, "invalid_client", 401),
            ({"client_secret": "x"}, "invalid_client", 401),
            ({"client_id": "nobody"}, "invalid_client", 401),
            ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ],
    )
    def test_whatever_does_not_fit_is_refused_in_the_rfcs_terms(self, place, changed, error, status):
        """And the code can still be exchanged by its own client."""
        redirect = "http://127.0.0.1:54321/cb"
        good = {
            "code": code_for(place, client_id="public", redirect_uri=redirect, **PROOF),
            "client_id": "public",
            "redirect_uri": redirect,
            "code_verifier": VERIFIER,
        }
        assert error_of(exchange(place, **(good | changed)), status) == error
        assert exchange(place, **good).status_code == 200

    def test_it_holds_for_a_minute(self, place, monkeypatch):
        """Shorter here."""
        monkeypatch.setattr("coordinaitor_sdk.server.auth.oauth.CODE_TTL", 0.05)
        code = code_for(place, client_id="secretive")
        time.sleep(0.1)
        given = {"code": code, "client_id": "secretive", "client_secret": "s3cr3t"}
        assert error_of(exchange(place, **given)) == "invalid_grant"

    @pytest.mark.parametrize(
        "request_of",
        [
            lambda url: httpx.post(url, json={"grant_type": "authorization_code"}),
            lambda url: httpx.post(url, content=b"grant_type=a&grant_type=b", headers=FORM),
            lambda url: httpx.post(url, content=b"a=%ff", headers=FORM),
            lambda url: httpx.post(url, content=b"a=" + b"x" * 10_000, headers=FORM),
        ],
    )
    def test_a_body_that_is_no_form_is_refused(self, place, request_of):
        """400."""
        assert error_of(request_of(f"{place}/oauth/token")) == "invalid_request"

    def test_a_basic_header_that_can_not_be_read_is_refused(self, place):
        """401."""
        headers = {"Authorization": "Basic !!!"}
        answered = httpx.post(f"{place}/oauth/token", data={"grant_type": "x"}, headers=headers)
        assert error_of(answered, 401) == "invalid_client"
        assert answered.headers["www-authenticate"].startswith("Basic")


class TestRefresh:
    @pytest.fixture
    def tokens(self, place):
        """Of the confidential client, limited to reading tasks."""
        code = code_for(place, client_id="secretive", scope="tasks:read")
        return exchange(place, code=code, client_id="secretive", client_secret="s3cr3t").json()

    def refresh(self, place, token, **given):
        """By the grant, as the confidential client."""
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "secretive"}
        return httpx.post(f"{place}/oauth/token", data=form | {"client_secret": "s3cr3t"} | given)

    def test_the_scope_stays(self, place, tokens):
        """By the grant, and by the API's own refresh."""
        again = self.refresh(place, tokens["refresh_token"]).json()
        assert again["scope"] == "tasks:read"
        ours = httpx.post(f"{place}/api/auth/refresh", json={"refreshToken": tokens["refresh_token"]}).json()
        assert [tasks(place, one) for one in (again["access_token"], ours["accessToken"])] == [(200, 403)] * 2

    def test_it_is_for_the_client_that_it_was_given_to(self, place, tokens):
        """And for no more than it was."""
        other = self.refresh(place, tokens["refresh_token"], client_id="two", client_secret="x")
        assert error_of(other) == "invalid_grant"
        more = self.refresh(place, tokens["refresh_token"], scope="tasks:read tasks:write")
        assert error_of(more) == "invalid_scope"
        assert error_of(self.refresh(place, "forged")) == "invalid_grant"

    def test_a_login_is_not_refreshed_by_a_client(self, place):
        """Its refresh token is no grant."""
        login = httpx.post(f"{place}/api/auth/login", json=ADMIN).json()
        assert error_of(self.refresh(place, login["refreshToken"])) == "invalid_grant"

    def test_a_logout_ends_it(self, place, tokens):
        """Like any other session."""
        httpx.post(f"{place}/api/auth/logout", json={"refreshToken": tokens["refresh_token"]})
        assert error_of(self.refresh(place, tokens["refresh_token"])) == "invalid_grant"
        assert tasks(place, tokens["access_token"]) == (401, 401)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
