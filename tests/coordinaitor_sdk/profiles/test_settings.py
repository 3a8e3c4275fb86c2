"""Where settings and credentials come from, and where they are kept (DESIGN 3.11, 3.12)."""

import json
import stat

import pytest

from coordinaitor_sdk._core.tokens import Tokens
from coordinaitor_sdk.exceptions import ConfigurationError
from coordinaitor_sdk.profiles import Explicit, MemoryTokenStore, Profile, config_dir, origin, resolve

URL = "http://localhost:3000"


@pytest.fixture
def profile(tmp_path):
    return Profile("default", tmp_path)


def settings(tmp_path, environ=None, **explicit):
    return resolve(Explicit(**explicit), environ=environ or {}, directory=tmp_path)


class TestOrder:
    def test_without_anything_the_documents_address_holds(self, tmp_path):
        """And no credential."""
        found = settings(tmp_path)
        assert (found.base_url, found.api_prefix, found.credentials) == (URL, "/api/v1", None)

    def test_argument_then_environment_then_profile(self, tmp_path, profile):
        """Each wins over the next, and the source is known."""
        profile.save_settings(base_url="http://profile:1")
        environ = {"COORDINAITOR_BASE_URL": "http://environ:2"}
        for found, expected, source in (
            (settings(tmp_path), "http://profile:1", "profile default"),
            (settings(tmp_path, environ), "http://environ:2", "COORDINAITOR_BASE_URL"),
            (settings(tmp_path, environ, base_url="http://argument:3"), "http://argument:3", "argument"),
        ):
            assert (found.base_url, found.sources["base_url"]) == (expected, source)

    def test_the_documents_variables_are_a_fallback(self, tmp_path):
        """`ORCHESTRATOR_URL` and `ORCHESTRATOR_API_KEY`."""
        environ = {"ORCHESTRATOR_URL": "http://document:1", "ORCHESTRATOR_API_KEY": "ak_1"}
        found = settings(tmp_path, environ)
        assert (found.base_url, found.credentials.api_key) == ("http://document:1", "ak_1")
        ours = {"COORDINAITOR_BASE_URL": "http://ours:2", "COORDINAITOR_API_KEY": "ak_2"}
        found = settings(tmp_path, environ | ours)
        assert (found.base_url, found.credentials.api_key) == ("http://ours:2", "ak_2")

    def test_credentials_come_from_one_level(self, tmp_path, profile):
        """Never an argument's e-mail with an environment's key."""
        environ = {"COORDINAITOR_API_KEY": "ak_env"}
        found = settings(tmp_path, environ, email="a@b.c", password="pw").credentials
        assert (found.source, found.email, found.api_key) == ("argument", "a@b.c", None)

    def test_a_token_store_is_a_credential_of_its_level(self, tmp_path):
        """An environment's key is not looked at."""
        found = settings(tmp_path, {"COORDINAITOR_API_KEY": "ak_env"}, token_store=MemoryTokenStore())
        assert (found.credentials.source, found.credentials.api_key) == ("argument", None)
        assert found.credentials.store is not None

    def test_the_profile_may_be_named(self, tmp_path):
        """By argument or environment."""
        Profile("work", tmp_path).save_settings(base_url="http://work:1", api_prefix="/api")
        assert settings(tmp_path, profile="work").base_url == "http://work:1"
        found = settings(tmp_path, {"COORDINAITOR_PROFILE": "work"})
        assert (found.profile, found.api_prefix) == ("work", "/api")

    def test_a_profiles_prefix_is_that_of_its_own_server(self, tmp_path, profile):
        """Another address has the default one."""
        profile.save_settings(base_url="http://vendor:1", api_prefix="/api")
        assert settings(tmp_path).api_prefix == "/api"
        assert settings(tmp_path, base_url="http://vendor:1/").api_prefix == "/api"
        assert settings(tmp_path, base_url="http://other:2").api_prefix == "/api/v1"
        assert settings(tmp_path, base_url="http://other:2", api_prefix="/x").api_prefix == "/x"


class TestBadInput:
    @pytest.mark.parametrize(
        "explicit",
        [
            {"api_key": "k", "email": "a@b.c", "password": "p"},
            {"api_key": "k", "access_token": "t"},
            {"email": "a@b.c", "password": "p", "refresh_token": "t"},
        ],
    )
    def test_two_kinds_of_credentials_are_refused(self, tmp_path, explicit):
        """Which of them would be sent?"""
        with pytest.raises(ConfigurationError, match="one kind"):
            settings(tmp_path, **explicit)

    @pytest.mark.parametrize("explicit", [{"api_key": "k"}, {"access_token": "t"}, {"refresh_token": "t"}])
    def test_a_token_store_goes_with_a_login_only(self, tmp_path, explicit):
        """A key has no tokens, and of two sessions one would be lost."""
        with pytest.raises(ConfigurationError, match=r"one kind.*token_store"):
            settings(tmp_path, token_store=MemoryTokenStore(), **explicit)

    @pytest.mark.parametrize("explicit", [{"email": "a@b.c"}, {"password": "secret"}])
    def test_half_a_login_is_refused(self, tmp_path, explicit):
        """And the message does not hold the password."""
        with pytest.raises(ConfigurationError, match="go together") as caught:
            settings(tmp_path, **explicit)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("key", ["", "with blank", "line\nbreak", "schlüssel"])
    def test_a_key_that_no_header_can_carry_is_refused(self, tmp_path, key):
        """Before a transport quotes it in an error."""
        with pytest.raises(ConfigurationError, match="api_key") as caught:
            settings(tmp_path, api_key=key)
        assert not key or key not in str(caught.value)

    @pytest.mark.parametrize(
        "url", ["localhost:3000", "ftp://x", "http://", "http://x:99999", "http://x y", "http://x?a=b", "x"]
    )
    def test_what_is_no_url_is_refused(self, tmp_path, url):
        """Naming where it came from."""
        with pytest.raises(ConfigurationError, match="COORDINAITOR_BASE_URL"):
            settings(tmp_path, {"COORDINAITOR_BASE_URL": url})

    def test_a_password_in_the_url_is_refused_and_not_shown(self, tmp_path):
        """URLs end up in logs."""
        with pytest.raises(ConfigurationError, match="user name") as caught:
            settings(tmp_path, base_url="http://me:secret@host")
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a:b"])
    def test_a_profile_name_that_is_a_path_is_refused(self, tmp_path, name):
        """It would leave the directory."""
        with pytest.raises(ConfigurationError, match="profile"):
            Profile(name, tmp_path)

    def test_a_damaged_config_says_which_file(self, tmp_path, profile):
        """And is left as it is."""
        profile.config_path.write_text("[broken")
        with pytest.raises(ConfigurationError, match=r"config\.toml"):
            settings(tmp_path)
        assert profile.config_path.read_text() == "[broken"

    @pytest.mark.parametrize("content", ["{", "[]", "5", "[" * 100_000])
    def test_damaged_credentials_say_what_to_do(self, tmp_path, profile, content):
        """Log in again."""
        profile.credentials_path.parent.mkdir()
        profile.credentials_path.write_text(content)
        with pytest.raises(ConfigurationError, match="auth login"):
            settings(tmp_path)


class TestStored:
    def test_a_stored_credential_goes_only_to_its_origin(self, tmp_path, profile):
        """Another address gets none."""
        profile.save_api_key("ak_1", base_url=URL)
        assert settings(tmp_path).credentials.api_key == "ak_1"
        assert settings(tmp_path, base_url=URL + "/").credentials.api_key == "ak_1"
        assert settings(tmp_path, base_url="http://localhost:3001").credentials is None
        assert settings(tmp_path, base_url="https://localhost:3000").credentials is None

    def test_tokens_come_back_as_they_were_kept(self, tmp_path, profile):
        """With the store that keeps renewed ones, and leaves the rest of the file as it is."""
        tokens = Tokens(access="a", refresh="r", expires_at=5.0, lifetime=3.0)
        profile.save_tokens(tokens, base_url=URL, email="a@b.c")
        credentials = settings(tmp_path).credentials
        assert credentials.tokens == tokens
        credentials.store.keep(Tokens(access="b", refresh="r2"), begun=False)
        assert settings(tmp_path).credentials.tokens == Tokens(access="b", refresh="r2")
        assert json.loads(profile.credentials_path.read_text())["email"] == "a@b.c"

    def test_the_files_are_for_their_owner_alone(self, profile):
        """Mode 0600, in a directory of mode 0700."""
        profile.save_api_key("ak_1", base_url=URL)
        profile.save_settings(base_url=URL)
        for path in (profile.credentials_path, profile.config_path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(profile.credentials_path.parent.stat().st_mode) == 0o700

    def test_forgetting_removes_them(self, tmp_path, profile):
        """And says whether there were any."""
        profile.save_api_key("ak_1", base_url=URL)
        assert profile.forget_credentials()
        assert not profile.forget_credentials()
        assert settings(tmp_path).credentials is None

    def test_other_settings_survive_a_save(self, tmp_path, profile):
        """Of this profile and of others."""
        Profile("work", tmp_path).save_settings(base_url="http://work:1")
        profile.save_settings(base_url=URL)
        profile.save_settings(api_prefix="/api")
        assert profile.settings() == {"base_url": URL, "api_prefix": "/api"}
        assert Profile("work", tmp_path).settings() == {"base_url": "http://work:1"}

    def test_a_directory_that_can_not_be_written_is_a_clear_error(self, tmp_path):
        """A file stands where the directory should be."""
        (tmp_path / "file").write_text("")
        with pytest.raises(ConfigurationError, match="can't be"):
            Profile("default", tmp_path / "file").save_api_key("ak_1", base_url=URL)

    def test_no_secret_shows_in_a_repr(self, tmp_path, profile):
        """Settings end up in logs and notebooks."""
        profile.save_tokens(Tokens(access="secret-a", refresh="secret-r"), base_url=URL, email="a@b.c")
        shown = repr(settings(tmp_path)) + repr(settings(tmp_path, api_key="secret-k"))
        shown += repr(Explicit(password="secret-p", access_token="secret-t"))
        assert "secret" not in shown


def test_the_config_directory_may_be_named():
    """`COORDINAITOR_CONFIG_DIR`, else the platform's."""
    assert str(config_dir({"COORDINAITOR_CONFIG_DIR": "/x/y"})) == "/x/y"
    assert config_dir({}).name == "coordinaitor"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://Host", "http://host:80"),
        ("https://host/", "https://host:443"),
        ("http://host:3000", "http://host:3000"),
    ],
)
def test_an_origin_always_has_its_port(url, expected):
    """Otherwise two spellings of one origin would differ."""
    assert origin(url) == expected
