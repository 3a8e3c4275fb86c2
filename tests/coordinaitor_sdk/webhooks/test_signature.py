"""Who sent it: signed and verified, over the bytes."""

import hashlib
import hmac
import json
import re

import pytest
from deliveries import SECRET, body_of
from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk import webhooks
from coordinaitor_sdk.exceptions import InvalidArgumentError, WebhookSignatureError


class TestSignature:
    def test_it_is_the_documents(self):
        """`sha256=` and the HMAC of the bytes, in hex."""
        expected = hmac.new(SECRET.encode(), b'{"a":1}', hashlib.sha256).hexdigest()
        assert webhooks.sign(b'{"a":1}', SECRET) == f"sha256={expected}"

    @given(payload=st.binary(), secret=st.text(min_size=1).filter(lambda text: text.isprintable()))
    def test_what_was_signed_is_verified(self, payload, secret):
        """Whatever the bytes and the secret."""
        webhooks.verify(payload, webhooks.sign(payload, secret), secret)

    @given(payload=st.binary(min_size=1), place=st.integers(min_value=0), bit=st.integers(0, 7))
    def test_one_changed_bit_is_noticed(self, payload, place, bit):
        """Of the body."""
        changed = bytearray(payload)
        changed[place % len(payload)] ^= 1 << bit
        with pytest.raises(WebhookSignatureError, match="does not match"):
            webhooks.verify(bytes(changed), webhooks.sign(payload, SECRET), SECRET)

    def test_any_of_several_secrets_will_do(self):
        """While they are rotated."""
        webhooks.verify(b"x", webhooks.sign(b"x", "old"), ["new", "old"])
        with pytest.raises(WebhookSignatureError):
            webhooks.verify(b"x", webhooks.sign(b"x", "older"), ["new", "old"])

    @pytest.mark.parametrize(
        "signature", [None, "", "sha256=", "sha256=00", "md5=1", "ü", "\x00", "=é", "\udc80"]
    )
    def test_a_missing_or_odd_signature_is_refused(self, signature):
        """Never another error."""
        with pytest.raises(WebhookSignatureError):
            webhooks.verify(b"x", signature, SECRET)

    def test_no_secret_and_no_signature_stand_in_the_error(self):
        """It is logged, often."""
        good = webhooks.sign(b"x", SECRET)
        with pytest.raises(WebhookSignatureError) as caught:
            webhooks.verify(b"y", good, SECRET)
        assert SECRET not in str(caught.value)
        assert good not in str(caught.value)


class TestRawBytes:
    def test_bytes_that_json_would_write_otherwise_are_verified_as_they_came(self):
        """Order of keys, blanks, `1.0`, `\\u00fc`: all of it is signed."""
        body = body_of()
        webhooks.verify(body, webhooks.sign(body, SECRET), SECRET)
        assert json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode() != body

    def test_json_that_was_parsed_and_written_again_is_refused(self):
        """It is another text, and the message says what to pass."""
        body = body_of()
        with pytest.raises(WebhookSignatureError, match="raw bytes"):
            webhooks.verify(json.dumps(json.loads(body)).encode(), webhooks.sign(body, SECRET), SECRET)


class TestConstantTime:
    @pytest.mark.parametrize("at", [0, 1, 2])
    def test_every_secret_is_compared_whichever_it_was(self, monkeypatch, at):
        """By `hmac.compare_digest`, so that the time tells nothing."""
        compared = []
        compare = hmac.compare_digest
        monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append(a) or compare(a, b))
        secrets = ["one", "two", "three"]
        webhooks.verify(b"x", webhooks.sign(b"x", secrets[at]), secrets)
        assert compared == [webhooks.sign(b"x", secret).encode() for secret in secrets]


class TestBadInput:
    @pytest.mark.parametrize("payload", ["text", {"event": "x"}, None])
    def test_what_is_not_bytes_is_refused_with_a_hint(self, payload):
        """JSON that was parsed and written again is another text."""
        with pytest.raises(InvalidArgumentError, match="raw bytes"):
            webhooks.verify(payload, "sha256=0", SECRET)

    @pytest.mark.parametrize(
        ("secret", "message"),
        [
            ("", "secret must not be empty"),
            ([], "at least one secret"),
            (["good", ""], "secret must not be empty"),
            (None, "got NoneType: is the setting there?"),
            (["good", None], "got NoneType: is the setting there?"),
            (b"bytes", "got bytes: decode it"),
            ([b"bytes"], "got bytes: decode it"),
            (7, "got int"),
            ("\udc80", "UTF-8"),
        ],
    )
    def test_a_secret_that_is_none_is_a_mistake_of_the_caller(self, secret, message):
        """Not a signature that does not match; the message says what to do."""
        with pytest.raises(InvalidArgumentError, match=re.escape(message)):
            webhooks.verify(b"x", "sha256=0", secret)

    def test_a_signature_in_bytes_is_refused_with_a_hint(self):
        """As ASGI's raw headers have it."""
        with pytest.raises(InvalidArgumentError, match="decode the header"):
            webhooks.verify(b"x", b"sha256=0", SECRET)
