"""What is told of requests is told without their secrets."""

from __future__ import annotations

import json

import pytest

from coordinaitor_sdk.server.redaction import REMOVED, content, headers, query, text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEyMyJ9.c2lnbmF0dXJl"


def shown(value, *, kind="application/json", oauth=False):
    """What is shown of a JSON body."""
    raw = json.dumps(value).encode()
    return content(kind, raw, len(raw), oauth=oauth)["content"]


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "newPassword",
        "accessToken",
        "refresh_token",
        "client-secret",
        "secret",
        "apiKey",
        "api_key",
        "key",
        "Authorization",
        "X-API-Key",
        "codeVerifier",
        "webhookSecret",
    ],
)
def test_a_field_that_is_called_a_secret_is_removed(name):
    """However it is spelt, however deep, whatever it holds."""
    for value in ("s3cret", 12345, ["s3cret"], {"a": "s3cret"}):
        assert shown({"outer": [{name: value, "title": "kept"}]}) == {
            "outer": [{name: REMOVED, "title": "kept"}]
        }


def test_what_is_no_secret_stays():
    """Codes of errors, kinds of tokens, counts of tokens, nulls."""
    body = {"code": "NOT_FOUND", "tokenType": "Bearer", "maxTokens": 400, "token": None, "keys": [1, "a"]}
    assert shown(body) == body


def test_a_credential_is_removed_wherever_it_stands():
    """In a title, in an address, as a key."""
    assert shown({"title": f"my ak_abcdefgh and {JWT}"}) == {"title": f"my {REMOVED} and {REMOVED}"}
    assert shown({"ak_abcdefgh": 1}) == {REMOVED: 1}
    assert text("https://user:pw@host/?a=1&token=abc#x") == f"https://{REMOVED}@host/?a=1&token={REMOVED}#x"


def test_headers_that_a_webhook_sends_are_removed():
    """They carry what its receiver asks for."""
    assert shown({"headers": {"X-Anything": "s3cret"}}) == {"headers": {"X-Anything": REMOVED}}


def test_credentials_of_a_request_are_removed():
    """Cookies too; what is sent twice is told twice."""
    sent = [
        (b"Authorization", b"Bearer abc"),
        (b"x-api-key", b"ak_abc"),
        (b"Cookie", b"a=b"),
        (b"accept", b"a"),
        (b"accept", b"b"),
        (b"idempotency-key", b"one"),
        (b"location", b"https://app/?code=abc&state=def&x=1"),
    ]
    assert headers(sent) == {
        "authorization": REMOVED,
        "x-api-key": REMOVED,
        "cookie": REMOVED,
        "accept": "a, b",
        "idempotency-key": "one",
        "location": f"https://app/?code={REMOVED}&state={REMOVED}&x=1",
    }


def test_a_query_keeps_what_is_no_secret():
    """As it was sent."""
    assert query(b"page=2&access%5Ftoken=abc&q=a%20b", oauth=False) == (
        f"page=2&access%5Ftoken={REMOVED}&q=a%20b"
    )
    assert query(b"code=abc", oauth=True) == f"code={REMOVED}"
    assert query(b"", oauth=False) == ""


def test_a_form_is_told_pair_by_pair():
    """Codes of an OAuth form are secrets."""
    raw = b"grant_type=authorization_code&code=abc&client_secret=def"
    told = content("application/x-www-form-urlencoded; charset=utf-8", raw, len(raw), oauth=True)
    assert told["form"] == [
        ["grant_type", "authorization_code"],
        ["code", REMOVED],
        ["client_secret", REMOVED],
    ]


@pytest.mark.parametrize(
    ("kind", "raw", "length", "reason"),
    [
        ("multipart/form-data; boundary=x", b"password", 8, "neither JSON nor a form"),
        ("image/png", b"\x89PNG", 4, "neither JSON nor a form"),
        ("application/json", b'{"password": "abc', 17, "unreadable"),
        ("application/json", b"[" * 100_000, 100_000, "unreadable"),
        ("application/json", b"{}", 100, "too long"),
        ("application/json", b"\xff", 1, "unreadable"),
    ],
)
def test_what_can_not_be_read_is_summarized(kind, raw, length, reason):
    """No part of it is shown: a secret might be in it."""
    told = content(kind, raw, length, oauth=False)
    assert told == {"type": kind.partition(";")[0], "bytes": length, "omitted": reason}


def test_no_body_is_none():
    """And not an empty one."""
    assert content("application/json", b"", 0, oauth=False) is None
