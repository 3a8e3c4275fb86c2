"""`/oauth` (API document, "OAuth 2.0"; RFC 6749, 4.1): a page to consent on, and the token endpoint.

Outside the API's prefixes, and in the RFC's own form: no envelope, its own errors.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from coordinaitor_sdk.server.context import Parts, parts_of
from coordinaitor_sdk.server.domain.oauth import Client, CodeRequest, OAuthError, code_request
from coordinaitor_sdk.server.errors import AuthenticationError
from coordinaitor_sdk.server.pages import page

router: APIRouter = APIRouter(prefix="/oauth")

_COOKIE: Final = "coordinaitor_consent"
_FORM: Final = "application/x-www-form-urlencoded"
_FRESH: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_LONGEST: Final = 8_192


class _ShownError(Exception):
    """A request that can't be answered at a redirect: nobody knows that the redirect is the client's."""


@router.get("/authorize")
async def authorize(request: Request) -> Response:
    """The page on which a user logs in and consents."""
    query: str = request.scope["query_string"].decode("latin-1")
    try:
        asked = _asked(parts_of(request), query)
    except _ShownError as error:
        return _refused(str(error))
    except _ToldError as error:
        return error.answer
    return _consent_page(parts_of(request), asked, query)


@router.post("/authorize")
async def consent(request: Request) -> Response:
    """What the user answered on that page: a code for the client, or a refusal."""
    parts = parts_of(request)
    try:
        form = await _form(request)
        query = form.get("request", "")
        asked = _asked(parts, query)
    except OAuthError as error:
        return _refused(error.description)
    except _ShownError as error:
        return _refused(str(error))
    except _ToldError as error:
        return error.answer
    if not _is_ours(parts, request.cookies.get(_COOKIE, ""), query, form.get("check", "")):
        return _refused("This is not the page that was shown last: begin anew in the application.")
    if form.get("decision") != "allow":
        return _back(asked.target, asked.state, error="access_denied")
    try:
        code = await parts.oauth.consent(asked, form.get("email", ""), form.get("password", ""))
    except AuthenticationError as error:
        return _consent_page(parts, asked, query, error.message)
    except OAuthError as error:
        return _back(asked.target, asked.state, error=error.code, error_description=error.description)
    return _back(asked.target, asked.state, code=code)


@router.post("/token")
async def token(request: Request) -> Response:
    """Tokens for a code or a refresh token (RFC 6749, 4.1.3 and 6)."""
    parts = parts_of(request)
    try:
        form = await _form(request)
        found = await _grant(parts, _client(parts, request, form), form)
    except OAuthError as error:
        headers = _FRESH | ({"WWW-Authenticate": 'Basic realm="oauth"'} if error.status == 401 else {})
        body = {"error": error.code, "error_description": error.description}
        return JSONResponse(body, error.status, headers)
    names = {"access_token": "accessToken", "refresh_token": "refreshToken", "expires_in": "expiresIn"}
    rfc = {"token_type": "Bearer", "scope": found["scope"]}
    return JSONResponse(
        {name: found[ours] for name, ours in names.items()}
        | rfc
        | {ours: found[ours] for ours in names.values()},
        headers=_FRESH,
    )


async def _grant(parts: Parts, client: Client, form: dict[str, str]) -> dict[str, Any]:
    match form.get("grant_type"):
        case "authorization_code":
            done = await parts.oauth.exchange(client, form)
            if done.tokens is None:
                raise OAuthError("invalid_grant", "the code was used before: its session is ended")
            return done.tokens
        case "refresh_token":
            return await parts.oauth.refresh(client, form)
        case _:
            raise OAuthError(
                "unsupported_grant_type", "grant_type must be authorization_code or refresh_token"
            )


class _ToldError(Exception):
    """A refusal that the client is told at its redirect."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


def _asked(parts: Parts, query: str) -> CodeRequest:
    """The request that a query makes.

    Raises:
        _ShownError: client or redirect are not known.
        _ToldError: it can't be granted.
    """
    try:
        given = _single(query)
    except OAuthError as error:
        raise _ShownError(error.description) from error
    client = parts.oauth.clients.get(given.get("client_id", ""))
    if client is None:
        raise _ShownError("No such client is registered here: check its client_id.")
    target = client.redirect_for(given.get("redirect_uri"))
    if target is None:
        raise _ShownError("The client's redirect_uri is not one that is registered for it.")
    try:
        return code_request(client, target, given)
    except OAuthError as error:
        told = _back(target, given.get("state"), error=error.code, error_description=error.description)
        raise _ToldError(told) from error


def _single(text: str) -> dict[str, str]:
    """Parameters of which each is there once (RFC 6749, 3.1).

    Raises:
        OAuthError: they can't be read.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except (UnicodeDecodeError, ValueError):
        raise OAuthError("invalid_request", "the parameters can't be read") from None
    if len(dict(pairs)) < len(pairs):
        raise OAuthError("invalid_request", "a parameter is given twice")
    return {name: value for name, value in pairs if value}


async def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise OAuthError("invalid_request", f"the body must be {_FORM}")
    raw = await request.body()
    if len(raw) > _LONGEST:
        raise OAuthError("invalid_request", "the form is too long")
    return _single(raw.decode("latin-1"))


def _client(parts: Parts, request: Request, form: dict[str, str]) -> Client:
    """The client that authenticates, by HTTP Basic or in the form (RFC 6749, 2.3.1).

    Raises:
        OAuthError: it doesn't.
    """
    client_id, secret = form.get("client_id"), form.get("client_secret")
    scheme, _, basic = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        if secret is not None:
            raise OAuthError("invalid_request", "the client authenticates in two ways")
        client_id, secret = _basic(basic)
    client = parts.oauth.clients.get(client_id or "")
    if client is None or not client.has_secret(secret):
        raise OAuthError("invalid_client", "no such client, or its secret is another", 401)
    return client


def _basic(credentials: str) -> tuple[str, str | None]:
    try:
        name, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        raise OAuthError("invalid_client", "the Authorization header can't be read", 401) from None
    return unquote_plus(name), unquote_plus(secret) or None


def _consent_page(parts: Parts, asked: CodeRequest, query: str, problem: str | None = None) -> Response:
    if asked.scope is None:
        wants = "<p>It may then do <strong>all that you may</strong>.</p>"
    else:
        names = "".join(f"<li><code>{escape(name)}</code></li>" for name in sorted(asked.scope))
        wants = f"<p>It may then, as far as you may yourself:</p><ul>{names}</ul>"
    nonce = secrets.token_urlsafe(24)
    body = (
        f"<p><strong>{escape(asked.client.id)}</strong> asks for access to your account.</p>{wants}"
        + (f'<p class="error" role="alert">{escape(problem)}</p>' if problem else "")
        + '<form method="post" action="/oauth/authorize">'
        f'<input type="hidden" name="request" value="{escape(query)}">'
        f'<input type="hidden" name="check" value="{parts.oauth.check_of(nonce, query)}">'
        '<label>E-mail <input name="email" type="email" autocomplete="username"></label>'
        '<label>Password <input name="password" type="password" autocomplete="current-password"></label>'
        '<p><button name="decision" value="allow">Allow</button> '
        '<button name="decision" value="deny">Cancel</button></p></form>'
        f'<p class="muted">You will be sent to {escape(asked.target)}</p>'
    )
    # Browsers hold the redirect that follows a form to the same policy.
    answer = page(
        "Allow access?",
        body,
        status=401 if problem else 200,
        narrow=True,
        form_targets=f"'self' {_origin(asked.target)}",
    )
    answer.headers.update(_FRESH)
    answer.set_cookie(_COOKIE, nonce, path="/oauth", httponly=True, samesite="strict")
    return answer


def _is_ours(parts: Parts, nonce: str, query: str, check: str) -> bool:
    return nonce != "" and hmac.compare_digest(parts.oauth.check_of(nonce, query).encode(), check.encode())


def _origin(target: str) -> str:
    url = urlsplit(target)
    return f"{url.scheme}://{url.netloc}" if url.netloc else f"{url.scheme}:"


def _refused(reason: str) -> Response:
    answer = page("This request can't be answered", f"<p>{escape(reason)}</p>", status=400, narrow=True)
    answer.headers.update(_FRESH)
    return answer


def _back(target: str, state: str | None, **told: str) -> Response:
    parameters = told if state is None else told | {"state": state}
    joint = "&" if "?" in target else "?"
    return RedirectResponse(f"{target}{joint}{urlencode(parameters)}", 303, _FRESH)
