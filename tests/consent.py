"""A user at the consent page: fetches it, fills in its form, follows nothing."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx

ADMIN = {"email": "admin@orchestrator.com", "password": "admin123"}


def fields(html: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html)
    return {name: unescape(value) for name, value in found}


def answer(url: str, *, decision: str = "allow", **given: str) -> httpx.Response:
    """What comes after the user decided on the page at `url`."""
    with httpx.Client() as browser:
        shown = browser.get(url)
        assert shown.status_code == 200, shown.text
        form = fields(shown.text) | ADMIN | given | {"decision": decision}
        return browser.post(httpx.URL(url).copy_with(query=None), data=form)


def told(response: httpx.Response) -> dict[str, str]:
    """The parameters with which the user came back to the client."""
    assert response.status_code == 303, response.text
    query = parse_qs(urlsplit(response.headers["location"]).query)
    return {name: value for name, (value,) in query.items()}
