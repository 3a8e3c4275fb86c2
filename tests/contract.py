"""The API document, read: its endpoints and its examples, in the order in which they stand there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parent.parent / "docs" / "api-documentation.md"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{2,4} (.+)$", re.MULTILINE)
_ENDPOINT = re.compile(r"^#{4} (GET|POST|PUT|PATCH|DELETE) (/api/v1/\S+)$", re.MULTILINE)
_ANSWER = re.compile(r"^\{\n.*?^\}$", re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"^- ((?:`\w+`(?:, )?)+)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        heading: the nearest heading above it.
        label: the bold line or sentence directly above it, such as "Request:".
        number: the how manieth of its heading, from 1.
    """

    heading: str
    label: str
    number: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """How tests call it."""
        return f"{self.heading} {self.number}"

    @property
    def value(self) -> Any:
        """Its JSON.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.text)


@cache
def text() -> str:
    """The document."""
    return DOCUMENT.read_text("utf-8")


@cache
def blocks(language: str) -> tuple[Block, ...]:
    """Every block of a language."""
    headings = [(found.start(), found[1]) for found in _HEADING.finditer(_without_fences())]
    counted: dict[str, int] = {}
    blocks = []
    for found in _FENCE.finditer(text()):
        heading = [name for start, name in headings if start < found.start()][-1]
        counted[heading] = counted.get(heading, 0) + 1
        above = text()[: found.start()].rstrip().rpartition("\n")[2].strip("*: ")
        blocks.append(Block(heading, above, counted[heading], found[1], found[2]))
    return tuple(block for block in blocks if block.language == language)


@cache
def answers_in_shells() -> tuple[Block, ...]:
    """The answers that are printed among shell commands, each as a block of its own."""
    return tuple(
        replace(block, label="Response", language="json", text=found)
        for block in blocks("bash")
        for found in _ANSWER.findall(block.text)
    )


@cache
def endpoints() -> tuple[tuple[str, str], ...]:
    """Method and path of every endpoint, the path below `/api/v1`."""
    found = [(found[1], found[2].removeprefix("/api/v1")) for found in _ENDPOINT.finditer(text())]
    # Shown in an example alone (API document, "API Key Authentication").
    return (*found, ("POST", "/auth/api-keys"))


@cache
def query_parameters() -> dict[tuple[str, str], frozenset[str]]:
    """The query parameters of the endpoints that have some."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    places = [*_ENDPOINT.finditer(text())]
    ends = [place.start() for place in places[1:]] + [text().index("## Webhooks\n\nThe API")]
    for place, end in zip(places, ends, strict=True):
        section = text()[place.end() : max(end, place.end())]
        _, _, listed = section.partition("**Query Parameters:**\n")
        if listed:
            names = re.findall(r"`(\w+)`", " ".join(_PARAMETER.findall(listed.partition("\n\n")[0])))
            found[place[1], place[2].removeprefix("/api/v1")] = frozenset(names)
    return found


def _without_fences() -> str:
    """The document with its blocks blanked out, in the same length: their comments look like headings."""
    return _FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text())
