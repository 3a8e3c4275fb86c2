"""Registered clients, their redirects, and what they may ask for."""

import pytest

from coordinaitor_sdk.server.domain.oauth import Client, OAuthError, parse_clients, proves, scope_of

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class TestOption:
    @pytest.mark.parametrize(
        ("option", "expected"),
        [
            ("app:http://127.0.0.1/cb", Client("app", None, ("http://127.0.0.1/cb",))),
            ("app:s3:https://h/cb?a=b", Client("app", "s3", ("https://h/cb?a=b",))),
            ("app:com.example.app:/oauth", Client("app", None, ("com.example.app:/oauth",))),
            ("app:s3:com.example.app:/oauth", Client("app", "s3", ("com.example.app:/oauth",))),
            ("app:http:http://h/", Client("app", "http", ("http://h/",))),
        ],
    )
    def test_it_is_split_at_the_first_colons(self, option, expected):
        """What begins with a scheme and a slash is the redirect, what stands before it the secret."""
        assert parse_clients([option]) == {"app": expected}

    def test_several_of_one_client_add_redirects(self):
        """With one secret."""
        found = parse_clients(["a:x:http://h/1", "a:x:http://h/2", "b:http://h/3"])
        assert found["a"].redirects == ("http://h/1", "http://h/2")
        with pytest.raises(ValueError, match="two secrets"):
            parse_clients(["a:x:http://h/1", "a:y:http://h/2"])

    @pytest.mark.parametrize(
        "option",
        [
            "",
            "app",
            "app:",
            "app:secret",
            ":http://h/",
            "app::http://h/",
            "app:http://h/#x",
            "app:javascript:/x",
            "a b:http://h/",
            "app:http://h/ x",
        ],
    )
    def test_one_that_can_not_be_read_says_so_and_shows_no_secret(self, option):
        """It may stand in a log."""
        with pytest.raises(ValueError, match="--oauth-client") as caught:
            parse_clients([option])
        assert "secret" not in str(caught.value).lower().replace("id:secret:redirect", "")


class TestRedirects:
    @pytest.mark.parametrize(
        ("known", "asked", "allowed"),
        [
            ("https://h/cb", "https://h/cb", True),
            ("https://h/cb", "https://h/cb/", False),
            ("https://h/cb", "https://h:8443/cb", False),
            ("https://h/cb", "https://h/cb?x=1", False),
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", True),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb", True),
            ("http://[::1]/cb", "http://[::1]:5/cb", True),
            ("http://localhost/cb", "http://localhost:5/cb", True),
            ("http://127.0.0.1/cb", "http://localhost:5/cb", False),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5/other", False),
            ("http://127.0.0.1/cb", "https://127.0.0.1:5/cb", False),
            ("http://127.0.0.1/cb", "http://user@127.0.0.1:5/cb", False),
            ("http://127.0.0.1/cb", "http://127.0.0.1:x/cb", False),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", False),
        ],
    )
    def test_only_the_port_of_a_loopback_address_is_free(self, known, asked, allowed):
        """RFC 8252, 7.3; all else is compared as it stands."""
        assert Client("a", None, (known,)).redirect_for(asked) == (asked if allowed else None)

    def test_without_one_it_is_the_registered_one(self):
        """If that is one alone."""
        assert Client("a", None, ("http://h/1",)).redirect_for(None) == "http://h/1"
        assert Client("a", None, ("http://h/1", "http://h/2")).redirect_for(None) is None


def test_a_scope_names_permissions():
    """Separated by blanks; none at all is all of the user's."""
    assert scope_of("tasks:read  agents:read") == {"tasks:read", "agents:read"}
    assert scope_of("") is scope_of(None) is None
    with pytest.raises(OAuthError, match="tasks:eat"):
        scope_of("tasks:read tasks:eat")


@pytest.mark.parametrize(
    ("verifier", "challenge", "good"),
    [
        (VERIFIER, CHALLENGE, True),
        (VERIFIER[:-1] + "x", CHALLENGE, False),
        (None, CHALLENGE, False),
        (VERIFIER, None, False),
        ("short", CHALLENGE, False),
        (None, None, True),
    ],
)
def test_a_proof_is_checked_wherever_it_was_begun(verifier, challenge, good):
    """And one that was not begun is not taken either (RFC 7636)."""
    assert proves(verifier, challenge) == good


@pytest.mark.parametrize(
    ("secret", "given", "good"),
    [("s", "s", True), ("s", "t", False), ("s", None, False), (None, None, True), (None, "s", False)],
)
def test_a_secret_is_needed_where_there_is_one(secret, given, good):
    """And not taken where there is none."""
    assert Client("a", secret, ("http://h/",)).has_secret(given) == good
