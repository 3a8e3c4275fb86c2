"""`coordinaitor doctor`: what it looks at, what it says of each, and its exit code."""

import json

import pytest
import trustme
from network import TlsFront
from relay import relayed
from server_process import free_port

CHECKS = [
    *("version", "configuration", "profile", "credentials", "keyring", "tls", "proxy", "server", "clock"),
    *("token", "websocket"),
]


@pytest.fixture
def examined(cli):
    """Runs it; the exit code, and the findings by their names."""

    def examine(*arguments, **env):
        done = cli("doctor", *arguments, "-o", "json", **env)
        assert "Traceback" not in done.stderr
        return done.returncode, {one["name"]: one for one in json.loads(done.stdout)}

    return examine


def failed(findings):
    return [name for name, one in findings.items() if one["result"] == "fail"]


def test_where_all_is_well(cli, idle_server, examined):
    """Every check is ok, exit code 0."""
    cli.logged_in(idle_server)
    code, findings = examined()
    assert list(findings) == CHECKS
    assert {one["result"] for one in findings.values()} == {"ok"}
    assert code == 0
    assert "expires 20" in findings["token"]["tells"]
    assert "from profile default" in findings["credentials"]["tells"]


def test_as_text(cli, idle_server):
    """A line a check: the result, its name, what it found; other formats as everywhere."""
    lines = [line.split("\t") for line in cli.use(idle_server)("doctor").stdout.splitlines()]
    assert [line[:2] for line in lines] == [["ok", name] for name in CHECKS]
    assert cli("doctor", "-o", "id").stdout.split() == CHECKS
    assert cli("doctor", "--jq", ".[0].name").stdout == "version\n"


def test_at_a_terminal_each_is_shown_as_it_is_found(cli, idle_server):
    """Whole, with its hint."""
    terminal = cli.use(idle_server).at_terminal("doctor", COORDINAITOR_API_KEY="ak_wrong")
    terminal.expect("hint: unset COORDINAITOR_API_KEY; coordinaitor auth login")
    assert terminal.end() == 4


def test_without_a_login(cli, idle_server, examined):
    """The server is looked at all the same; the exit code is that of the missing login."""
    code, findings = examined(COORDINAITOR_BASE_URL=idle_server.url)
    assert (code, failed(findings)) == (4, ["credentials"])
    assert findings["credentials"]["hint"] == "coordinaitor auth login"
    assert findings["server"]["result"] == "ok"


def test_a_credential_that_is_refused(cli, idle_server, examined):
    """What came before is ok, what needs it is left out."""
    code, findings = examined(COORDINAITOR_BASE_URL=idle_server.url, COORDINAITOR_API_KEY="ak_wrong")
    assert (code, failed(findings)) == (4, ["token"])
    assert "websocket" not in findings


def test_an_environment_that_hides_the_login(cli, idle_server, examined):
    """It works, but it is not what was logged in: a warning, exit code 0."""
    cli.logged_in(idle_server)
    code, findings = examined(COORDINAITOR_API_KEY=idle_server.api_key)
    assert (code, findings["credentials"]["result"]) == (0, "warn")
    assert findings["credentials"]["hint"] == "unset COORDINAITOR_API_KEY"


def test_a_server_that_is_not_there(cli, examined):
    """Exit code 11, and the command that starts one here."""
    code, findings = examined(COORDINAITOR_BASE_URL="http://127.0.0.1:9", COORDINAITOR_API_KEY="ak_x")
    assert (code, failed(findings)) == (11, ["server"])
    assert findings["server"]["hint"] == "coordinaitor server start"


def test_a_proxy_that_is_not_there(cli, idle_server, examined):
    """It is named, without its password."""
    proxy = f"http://user:s3cret@127.0.0.1:{free_port()}"
    code, findings = examined(
        COORDINAITOR_BASE_URL=idle_server.url, COORDINAITOR_API_KEY="ak_test", HTTP_PROXY=proxy
    )
    assert (code, failed(findings)) == (11, ["server"])
    assert "NO_PROXY" in findings["server"]["hint"]
    assert "s3cret" not in json.dumps(findings)


def test_what_is_no_api_of_this_kind(cli, stub, examined):
    """A web page answers."""
    stub.kind, stub.body = "text/html", b"<html>hello</html>"
    _, findings = examined(COORDINAITOR_BASE_URL=stub.url)
    assert failed(findings) == ["credentials", "server"]
    assert "auth login" in findings["server"]["hint"]


def test_a_server_that_is_not_well(cli, stub, examined):
    """Exit code 14."""
    stub.says({"success": True, "data": {"status": "unhealthy", "version": "1.2.3"}}, 503)
    code, findings = examined(COORDINAITOR_BASE_URL=stub.url, COORDINAITOR_API_KEY="ak_x")
    assert (code, failed(findings)[0]) == (14, "server")
    assert "1.2.3" in findings["server"]["tells"]


def test_a_clock_that_is_wrong(cli, stub, examined, monkeypatch):
    """A warning with the difference."""
    stub.says({"success": True, "data": {"status": "healthy"}})
    monkeypatch.setattr(
        stub.server.RequestHandlerClass, "date_time_string", lambda *_: "Mon, 01 Jan 2024 00:00:00 GMT"
    )
    _, findings = examined(COORDINAITOR_BASE_URL=stub.url)
    assert findings["clock"]["result"] == "warn"
    assert "ahead of the server's" in findings["clock"]["tells"]


def test_a_way_that_lets_no_websocket_pass(cli, idle_server, examined):
    """Watches poll then: a warning, exit code 0."""
    with relayed(idle_server) as relay:
        code, findings = examined(COORDINAITOR_BASE_URL=relay.url, COORDINAITOR_API_KEY="ak_test")
    assert (code, findings["websocket"]["result"]) == (0, "warn")
    assert "COORDINAITOR_WS_URL" in findings["websocket"]["hint"]


def test_credentials_that_others_could_read(cli, examined):
    """Nothing is sent."""
    code, findings = examined(COORDINAITOR_BASE_URL="http://api.example.com", COORDINAITOR_API_KEY="ak_x")
    assert (code, failed(findings)) == (13, ["tls"])
    assert "server" not in findings


def test_a_home_without_any_settings_yet_is_well(examined, tmp_path):
    """Folders are made where they are missing."""
    findings = examined(COORDINAITOR_CONFIG_DIR=str(tmp_path / "a" / "b" / "c"))[1]
    assert findings["configuration"]["result"] == "ok"


def test_a_file_that_can_not_be_read(cli, examined):
    """It is named; nothing else can be looked at."""
    cli.config.mkdir(parents=True)
    (cli.config / "config.toml").write_text("active = [")
    code, findings = examined()
    assert (code, failed(findings)) == (13, ["configuration"])
    assert str(cli.config / "config.toml") in findings["configuration"]["tells"]


def test_a_credential_that_is_damaged(cli, idle_server, examined):
    """The command that removes it."""
    cli.logged_in(idle_server)
    (cli.config / "credentials" / "default.json").write_text("{")
    code, findings = examined()
    assert (code, findings["configuration"]["hint"]) == (13, "coordinaitor auth logout")
    assert cli("auth", "logout").returncode == 0
    assert failed(examined()[1]) == ["credentials"]


def test_a_profile_that_holds_nothing(cli, idle_server, examined):
    """The command that fills it."""
    _, findings = examined("--profile", "staging", COORDINAITOR_BASE_URL=idle_server.url)
    assert findings["profile"]["result"] == "warn"
    assert findings["profile"]["hint"] == "coordinaitor auth login --profile staging"


def test_a_certificate_of_an_unknown_authority(cli, idle_server, examined, tmp_path):
    """The option that trusts it; with that all is well, the WebSocket too."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with TlsFront(int(idle_server.url.rpartition(":")[2]), authority) as front:
        given = {"COORDINAITOR_BASE_URL": front.url, "COORDINAITOR_API_KEY": "ak_test"}
        code, findings = examined(**given)
        assert (code, failed(findings)) == (11, ["server"])
        assert "--ca-bundle" in findings["server"]["hint"]
        code, findings = examined("--ca-bundle", str(tmp_path / "ca.pem"), **given)
        assert (code, failed(findings)) == (0, [])
        assert findings["websocket"]["result"] == "ok"
