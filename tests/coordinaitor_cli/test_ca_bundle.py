"""`--ca-bundle`: TLS under a private authority."""

import json

import pytest
import trustme
from network import TlsFront


@pytest.fixture(scope="module")
def authority():
    """The company's own."""
    return trustme.CA()


@pytest.fixture(scope="module")
def front(idle_server, authority):
    """TLS before the server."""
    with TlsFront(int(idle_server.url.rpartition(":")[2]), authority) as found:
        yield found


@pytest.fixture
def bundle(authority, tmp_path):
    """The file that the company hands out."""
    path = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def behind(cli, idle_server, front):
    """Commands that go through the front."""
    cli.env |= {"COORDINAITOR_BASE_URL": front.url, "COORDINAITOR_API_KEY": idle_server.api_key}
    return cli


def test_calls_trust_the_bundle(behind, bundle):
    """For one call, and wherever the option stands."""
    assert behind("tasks", "get", "task-123", "-o", "id", "--ca-bundle", str(bundle)).stdout == "task-123\n"
    assert behind("--ca-bundle", str(bundle), "tasks", "list", "--limit", "1").returncode == 0


def test_a_watch_trusts_the_bundle(behind, bundle):
    """The WebSocket goes the same way: it doesn't poll."""
    done = behind("tasks", "watch", "task-789", "-o", "json", "--ca-bundle", str(bundle))
    assert (done.returncode, json.loads(done.stdout)["taskId"], done.stderr) == (0, "task-789", "")


def test_without_it_the_server_is_not_trusted(behind, fails):
    """Exit code 11; the error says what is wrong with the certificate."""
    assert "certificate" in fails(behind("tasks", "list"), 11)[0].lower()


def test_a_bundle_of_another_authority(behind, tmp_path, fails):
    """It is the same as none."""
    path = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    assert "certificate" in fails(behind("tasks", "list", "--ca-bundle", str(path)), 11)[0].lower()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_is_none(behind, tmp_path, fails, content):
    """Exit code 2, naming the option and the file; nothing is sent."""
    path = tmp_path / "broken.pem"
    if content is not None:
        path.write_text(content)
    line = fails(behind("tasks", "list", "--ca-bundle", str(path)), 2)[0]
    assert line.startswith(f"error: --ca-bundle {path} can't be used: ")
