"""What is said beside each route."""

from __future__ import annotations

import pytest

from coordinaitor_sdk.server.operations import operation_of
from coordinaitor_sdk.server.routes.api import api_routes
from coordinaitor_sdk.server.schemas import answers


@pytest.mark.parametrize("route", [*api_routes()], ids=lambda route: f"{min(route.methods)} {route.path}")
def test_every_route_says_what_it_takes_and_answers(route):
    """An operation stands above each route, and names a schema that exists."""
    found = operation_of(route.endpoint)
    assert found.answer is None or hasattr(answers, found.answer)
    assert (found.form == "nothing") == (found.answer is None) == (found.status == 204)


def test_route_without_an_operation_is_a_mistake():
    """It would be missing from the published document."""
    with pytest.raises(LookupError, match="@operation"):
        operation_of(print)
