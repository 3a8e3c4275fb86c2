"""Who sent it: the HMAC of a delivery's bytes."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from ..exceptions import InvalidArgumentError, WebhookSignatureError
from ._age import check_age, checked_limit
from ._event import parse
from ._headers import SIGNATURE_HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence

_PREFIX: Final = "sha256="


def sign(payload: bytes, secret: str) -> str:
    """The signature of a delivery: `sha256=` and the HMAC-SHA256 of its bytes, in hex.

    Args:
        payload: the body, byte for byte.
        secret: the webhook's.

    Raises:
        InvalidArgumentError: the payload is no bytes, or the secret is empty or no text.
    """
    if not isinstance(payload, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidArgumentError(
            "payload must be the raw bytes of the request, before anything has read them as JSON;"
            f" got {type(payload).__name__}"
        )
    return _PREFIX + hmac.new(_key(secret), payload, hashlib.sha256).hexdigest()


def verify(
    payload: bytes, signature: str | None, secret: str | Sequence[str], *, max_age: float | None = None
) -> None:
    """Pass when a delivery was signed with the secret, compared in constant time.

    Args:
        payload: the body, byte for byte.
        signature: the value of `X-Orchestrator-Signature`; None where the header is missing.
        secret: the webhook's, or several while they are rotated: any of them will do.
        max_age: seconds since the event after which its delivery is refused; None for no limit. A redelivery
            carries the time of the event, not its own: a limit drops those that come late.

    Raises:
        WebhookSignatureError: it was not, or has no signature. Answer 401 and do nothing.
        WebhookTimestampError: it was, but it is older than `max_age`, from the future, or does not tell its
            time. A `WebhookSignatureError` too.
        WebhookPayloadError: `max_age` is given, and the payload can't be read.
        InvalidArgumentError: the payload is no bytes, there is no secret, or `max_age` is no limit.
    """
    limit = checked_limit(max_age)
    check_signature(payload, signature, secrets_of(secret))
    if limit is not None:
        check_age(parse(payload).timestamp, limit, time.time())


def secrets_of(secret: str | Sequence[str]) -> list[str]:
    """The secrets, each fit to sign with.

    Raises:
        InvalidArgumentError: there is none, or one is empty or no text.
    """
    given: Any = secret
    if isinstance(given, (str, bytes, bytearray)) or not isinstance(given, Iterable):
        given = [given]
    secrets = list(cast("Iterable[Any]", given))
    if not secrets:
        raise InvalidArgumentError("at least one secret is needed")
    for each in secrets:
        _key(each)
    return secrets


def check_signature(payload: bytes, signature: str | None, secrets: Sequence[str]) -> None:
    """What `verify` does but for the age."""
    expected = [sign(payload, one) for one in secrets]
    if not signature:
        raise WebhookSignatureError(
            f"the delivery has no signature: pass the value of the header {SIGNATURE_HEADER}"
        )
    if not isinstance(signature, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidArgumentError(
            f"signature must be text, got {type(signature).__name__}: decode the header as latin-1"
        )
    given = signature.strip().encode("utf-8", "replace")
    # Every secret is compared, so that the time does not tell which one it was.
    matches = [hmac.compare_digest(one.encode(), given) for one in expected]
    if not any(matches):
        raise WebhookSignatureError(
            "the signature does not match: the secret is another, or the body was changed on the way"
            " (pass its raw bytes)"
        )


def _key(secret: str) -> bytes:
    # No message shows the value.
    if not isinstance(secret, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        hint = "is the setting there?" if secret is None else "decode it, if it is bytes"
        raise InvalidArgumentError(f"secret must be text, got {type(secret).__name__}: {hint}")
    if not secret:
        raise InvalidArgumentError("secret must not be empty: give the one that the webhook was created with")
    try:
        return secret.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError("secret must be text that UTF-8 can hold") from None
