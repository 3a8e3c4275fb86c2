"""Who may use `/_control`."""

from __future__ import annotations

import httpx
import pytest
from server_process import ServerProcess
from starlette.requests import Request

from coordinaitor_sdk.server.errors import AuthorizationError
from coordinaitor_sdk.server.routes.control.access import require_local


@pytest.fixture(scope="module")
def url():
    """A server with a control API."""
    with ServerProcess() as process:
        yield process.start(control=True, agents="off").url


def request_from(address, host="127.0.0.1:3000", **headers):
    """A request as the application gets it."""
    given = [(b"host", host.encode()), *((name.encode(), value.encode()) for name, value in headers.items())]
    client = None if address is None else (address, 50000)
    return Request({"type": "http", "method": "GET", "path": "/", "headers": given, "client": client})


def test_it_is_off_unless_asked_for(api):
    """404, as any other unknown path."""
    answer = httpx.get(api.url + "/_control/worlds")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_it_is_not_part_of_the_published_api(url):
    """The OpenAPI document doesn't tell of it."""
    assert "_control" not in httpx.get(url + "/api/openapi.json").text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "10.0.0.1", "localhost.evil.example", "[", ""]
)
def test_a_foreign_host_is_403(url, host):
    """A name that was made to lead here is not this machine's."""
    answer = httpx.get(url + "/_control/worlds", headers={"Host": host})
    assert answer.status_code in (400, 403)
    assert "worlds" not in answer.text


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null"])
def test_a_page_of_another_origin_is_403(url, origin):
    """A form in a browser on this machine is none of its programs."""
    answer = httpx.post(url + "/_control/worlds", headers={"Origin": origin})
    assert answer.status_code == 403
    assert "127.0.0.1" in answer.json()["error"]["message"]


def test_a_name_of_this_machine_will_do(url):
    """With or without a port."""
    for host in ("localhost", "localhost:3000", "127.0.0.1", "[::1]:3000"):
        assert httpx.get(url + "/_control/worlds", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_addresses_pass(address):
    """Of both families."""
    require_local(request_from(address))
    require_local(request_from(address, origin="http://127.0.0.1:3000"))


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.0.2.1", "2001:db8::1", "::ffff:10.0.0.1", "2002:7f00:1::", None]
)
def test_other_addresses_are_refused(address):
    """Whatever host they name."""
    with pytest.raises(AuthorizationError):
        require_local(request_from(address))


def test_a_method_that_is_not_there_is_405(url):
    """With those that are."""
    answer = httpx.put(url + "/_control/worlds", json={})
    assert answer.status_code == 405
