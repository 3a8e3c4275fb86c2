"""Login, refresh, logout, and what each credential opens."""

from __future__ import annotations

import base64
import json
import time

import httpx
import jwt
import pytest

from coordinaitor_sdk.server.schemas.answers import Answer, LoggedIn, Refreshed

LOGIN = {"email": "admin@orchestrator.com", "password": "admin123"}


@pytest.fixture(scope="module")
def bare(api):
    """Requests without a credential, from the server's root."""
    with httpx.Client(base_url=api.url, timeout=10) as client:
        yield client


@pytest.fixture
def session(bare):
    """A new session's tokens."""
    return bare.post("/api/auth/login", json=LOGIN).json()


def status(bare, **headers):
    """The status of a list with these headers."""
    return bare.get("/api/v1/tasks?limit=1", headers=headers).status_code


def problem(answer):
    """Code and message of a refusal."""
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    error = answer.json()["error"]
    return error["code"], error["message"]


def test_login_answers_bare_under_api(bare):
    """Under /api the tokens are at the top level."""
    answer = bare.post("/api/auth/login", json=LOGIN)
    found = LoggedIn.model_validate_json(answer.content)
    assert answer.status_code == 200
    assert found.expires_in == 3600
    assert found.user.model_dump(by_alias=True) == {
        "id": "user-123",
        "email": "admin@orchestrator.com",
        "name": "Administrator",
        "role": "admin",
        "organizationId": "org-456",
    }


def test_login_answers_in_the_envelope_under_v1(bare):
    """Under /api/v1 the same comes in the envelope."""
    answer = bare.post("/api/v1/auth/login", json=LOGIN | {"email": "ADMIN@orchestrator.com"})
    assert Answer[LoggedIn].model_validate_json(answer.content).data.user.id == "user-123"


@pytest.mark.parametrize(
    "given", [{"password": "wrong"}, {"email": "nobody@example.com"}, {"email": "jane.smith@example.com"}]
)
def test_login_with_a_wrong_password_or_user_is_401(bare, given):
    """One message for a wrong password, an unknown e-mail and a user without a password."""
    assert problem(bare.post("/api/auth/login", json=LOGIN | given)) == (
        "AUTHENTICATION_ERROR",
        "E-mail or password is wrong",
    )


def test_login_without_a_field_is_422(bare):
    """Missing fields are named."""
    answer = bare.post("/api/auth/login", json={"email": "a"})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"] == {"password": ["Password is required"]}


def test_access_token_opens_the_api(bare, session):
    """A token and, as the document's script does it, an API key are taken as Bearer."""
    assert status(bare, Authorization=f"Bearer {session['accessToken']}") == 200
    assert status(bare, Authorization=f"bearer {session['accessToken']}") == 200
    assert status(bare, Authorization="Bearer ak_test-key") == 200
    assert status(bare, **{"X-API-Key": "ak_test-key"}) == 200


def test_what_a_token_does_is_recorded_as_its_user(bare, session):
    """createdBy is the session's user."""
    headers = {"Authorization": f"Bearer {session['accessToken']}"}
    answer = bare.post("/api/tasks", json={"title": "By a token"}, headers=headers)
    assert answer.json()["data"]["createdBy"] == "user-123"


def _forged(token):
    header, _, signature = token.split(".")
    claims = {"sub": "user-123", "org": "org-456", "sid": "session-1001", "typ": "access", "exp": 9e9}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}.{signature}"


def test_bad_credentials_are_401_with_distinct_messages(bare, session):
    """None, forged, unsigned, of the wrong kind, malformed, and an unknown key: 401, and the message
    tells which.
    """
    unsigned = jwt.encode({"typ": "access"}, None, algorithm="none")
    headers = [
        {},
        {"Authorization": f"Bearer {_forged(session['accessToken'])}"},
        {"Authorization": f"Bearer {unsigned}"},
        {"Authorization": f"Bearer {session['refreshToken']}"},
        {"Authorization": "Basic YTpi"},
        {"X-API-Key": "ak_unknown"},
        {"X-API-Key": ""},
    ]
    found = [problem(bare.get("/api/v1/tasks", headers=given)) for given in headers]
    assert {code for code, _ in found} == {"AUTHENTICATION_ERROR"}
    assert [message for _, message in found] == [
        "A credential is needed: Authorization: Bearer <token> or X-API-Key",
        "The access token is invalid",
        "The access token is invalid",
        "This is not an access token",
        "The Authorization header must be: Bearer <token>",
        "The API key is invalid",
        "The API key is invalid",
    ]


def test_bad_key_is_not_saved_by_a_good_token(bare, session):
    """X-API-Key decides when both are sent."""
    headers = {"Authorization": f"Bearer {session['accessToken']}", "X-API-Key": "ak_unknown"}
    assert status(bare, **headers) == 401


def test_expired_token_is_401_and_refresh_brings_a_new_one(server_process):
    """After its time a token is refused with its own message; the refresh token goes on, also after a
    restart.
    """
    server_process.start(access_token_ttl=0.4, agents="off")
    with httpx.Client(base_url=server_process.url) as client:
        first = client.post("/api/auth/login", json=LOGIN).json()
        assert first["expiresIn"] == 0.4
        assert status(client, Authorization=f"Bearer {first['accessToken']}") == 200
        time.sleep(0.5)
        headers = {"Authorization": f"Bearer {first['accessToken']}"}
        assert problem(client.get("/api/tasks", headers=headers))[1] == "The access token has expired"
    server_process.restart(access_token_ttl=60)
    with httpx.Client(base_url=server_process.url) as client:
        again = client.post("/api/auth/refresh", json={"refreshToken": first["refreshToken"]}).json()
        assert status(client, Authorization=f"Bearer {again['accessToken']}") == 200
        assert status(client, Authorization=f"Bearer {first['accessToken']}") == 401


def test_refresh_keeps_the_refresh_token(bare, session):
    """No rotation: the same refresh token comes back and can be used again; each access token is a new
    one.
    """
    body = {"refreshToken": session["refreshToken"]}
    tokens = {session["accessToken"]}
    for _ in range(2):
        answer = bare.post("/api/auth/refresh", json=body)
        found = Refreshed.model_validate_json(answer.content)
        assert found.refresh_token == session["refreshToken"]
        assert found.expires_in == 3600
        tokens.add(found.access_token)
    assert len(tokens) == 3
    wrapped = bare.post("/api/v1/auth/refresh", json=body)
    assert (
        Answer[Refreshed].model_validate_json(wrapped.content).data.refresh_token == session["refreshToken"]
    )


@pytest.mark.parametrize("token", ["x", "a.b.c", "ak_test-key"])
def test_refresh_with_a_wrong_token_is_401(bare, token):
    """A refresh token that is none."""
    answer = bare.post("/api/auth/refresh", json={"refreshToken": token})
    assert problem(answer) == ("AUTHENTICATION_ERROR", "The refresh token is invalid")


def test_refresh_with_an_access_token_is_401(bare, session):
    """The two kinds are not interchangeable."""
    answer = bare.post("/api/auth/refresh", json={"refreshToken": session["accessToken"]})
    assert problem(answer)[1] == "This is not a refresh token"


@pytest.mark.parametrize("by", ["body", "header"])
def test_logout_ends_the_session(bare, session, by):
    """Then its refresh token and its access tokens are refused; other sessions go on; logging out twice
    is no error.
    """
    other = bare.post("/api/auth/login", json=LOGIN).json()
    headers = {"Authorization": f"Bearer {session['accessToken']}"}
    assert status(bare, **headers) == 200
    if by == "body":
        answer = bare.post("/api/auth/logout", json={"refreshToken": session["refreshToken"]})
    else:
        answer = bare.post("/api/v1/auth/logout", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    ended = "The session has ended: log in again"
    assert problem(bare.get("/api/tasks", headers=headers))[1] == ended
    body = {"refreshToken": session["refreshToken"]}
    assert problem(bare.post("/api/auth/refresh", json=body))[1] == ended
    assert bare.post("/api/auth/logout", json=body).status_code == 204
    assert status(bare, Authorization=f"Bearer {other['accessToken']}") == 200


def test_logout_without_a_session_is_401(bare):
    """Neither a refresh token nor a session's access token: nothing to end."""
    assert bare.post("/api/auth/logout").status_code == 401
    assert bare.post("/api/auth/logout", headers={"X-API-Key": "ak_test-key"}).status_code == 401
    assert bare.post("/api/auth/logout", json={"refreshToken": "x"}).status_code == 401
