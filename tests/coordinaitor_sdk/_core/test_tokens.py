"""What a login answer means, and when a token is due (DESIGN 3.2, 3.10)."""

import pytest

from coordinaitor_sdk._core.tokens import Freshness, Tokens, seconds_of
from coordinaitor_sdk.models.auth import LoginResult


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [(3600, 3600.0), ("3600", 3600.0), ("24h", 86400.0), ("15m", 900.0), ("7d", 604800.0), ("30s", 30.0)],
)
def test_every_form_of_expires_in_is_read(stated, seconds):
    """A number, digits, or digits with a unit."""
    assert seconds_of(stated) == seconds


@pytest.mark.parametrize("stated", [None, True, "", "soon", "-5", -5, 0, float("nan"), float("inf"), [], "٣"])
def test_an_unreadable_expires_in_is_unknown(stated):
    """The token is then used until it is refused."""
    assert seconds_of(stated) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"accessToken": "a", "refreshToken": "r", "expiresIn": 3600},
        {"user": {}, "token": {"accessToken": "a", "refreshToken": "r", "expiresIn": "1h"}},
    ],
    ids=["at the top", "one level down"],
)
def test_tokens_are_read(answer):
    """Wherever the server puts them."""
    tokens = Tokens().renewed(LoginResult.model_validate(answer), now=1000.0)
    assert (tokens.access, tokens.refresh, tokens.expires_at) == ("a", "r", 4600.0)


def test_a_refresh_without_a_new_refresh_token_keeps_the_old():
    """The document's sample client keeps its first one."""
    tokens = Tokens(access="old", refresh="r").renewed(LoginResult(access_token="new"), now=0.0)
    assert (tokens.access, tokens.refresh) == ("new", "r")


def test_an_answer_without_a_token_is_refused():
    """A login page of a proxy is no login."""
    with pytest.raises(ValueError, match="access token"):
        Tokens().renewed(LoginResult(), now=0.0)


@pytest.mark.parametrize(
    ("left", "freshness"),
    [
        (3600.0, Freshness.FRESH),
        (121.0, Freshness.FRESH),
        (119.0, Freshness.ADVISORY),
        (11.0, Freshness.ADVISORY),
        (9.0, Freshness.MANDATORY),
        (-5.0, Freshness.MANDATORY),
    ],
)
def test_a_token_is_renewed_ahead_of_its_end(left, freshness):
    """First by one caller, then everyone waits."""
    tokens = Tokens(access="a", expires_at=1000.0 + left, lifetime=3600.0)
    assert tokens.freshness(1000.0) is freshness


def test_a_short_lived_token_is_not_renewed_at_once():
    """The windows are shares of the lifetime."""
    assert Tokens(access="a", expires_at=1002.0, lifetime=2.0).freshness(1000.0) is Freshness.FRESH


def test_a_token_of_unknown_end_is_used_until_refused():
    """An access token passed by the caller."""
    assert Tokens(access="a").freshness(1e12) is Freshness.FRESH


def test_a_refresh_token_alone_means_a_refresh_first():
    """There is nothing to send yet."""
    assert Tokens(refresh="r").freshness(0.0) is Freshness.MANDATORY


def test_the_repr_holds_no_secret():
    """Tokens never show."""
    assert "secret" not in repr(Tokens(access="secret-a", refresh="secret-r"))
