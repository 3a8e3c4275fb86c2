"""One HTTP exchange as the library sees it, whichever HTTP library carries it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .upload import Upload


class Secret(str):
    """A text that is sent, but never shown: its `repr` tells nothing, nor does that of what holds it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@dataclass(slots=True)
class HttpRequest:
    """What one attempt sends.

    Attributes:
        method: such as `GET`.
        url: the whole address, with its query.
        headers: by name; middleware may change them. The credential is added behind all middleware.
        body: bytes, a form with a file, or None.
    """

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes | Upload | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One HTTP answer, read whole.

    Attributes:
        status: such as 200.
        headers: with case-insensitive names.
        content: the body's bytes, decompressed.
        method: of the request.
        url: of the request, without its query.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    method: str
    url: str

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str | None:
        """The server's id of the request (`X-Request-Id`), where it tells."""
        return self.headers.get("x-request-id")
