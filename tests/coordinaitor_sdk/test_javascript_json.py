"""JSON that JavaScript reads and writes again without changing a byte."""

from __future__ import annotations

import json
import random
import shutil
import string
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinaitor_sdk._javascript_json import javascript_json

AGAIN = """
const lines = require('fs').readFileSync(0, 'utf8').split('\\n');
lines.pop();
process.stdout.write(lines.map((line) => JSON.stringify(JSON.parse(line)) + '\\n').join(''));
"""
ODD = [
    1.0,
    -0.0,
    0,
    1e21,
    1e20,
    123456789012345680000.0,
    1e-6,
    1e-7,
    1.5e-7,
    -2.5e300,
    5e-324,
    1.7976931348623157e308,
    0.1 + 0.2,
    2**53 + 1,
    10**18,
    {"2": 1, "1": 2, "b": 3, "a": 4, "01": 5, "-1": 6, "4294967294": 7, "4294967295": 8, "10": 9},
    {"__proto__": {"x": 1}, "constructor": 1, "": 2},
    'Grüße 🎉 \u2028\u2029 \x7f \x85 </script> \\ " / \b\f\n\r\t\x00\x1f',
    {"ü": ["ä", {"🎉": None}], "n": [True, False, None, [], {}]},
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(string.digits + "ab-", max_size=4), inner),
)


def through_node(texts):
    """Each text as Node's JSON.parse and JSON.stringify leave it."""
    given = "".join(f"{text}\n" for text in texts)
    done = subprocess.run(["node", "-e", AGAIN], input=given.encode(), capture_output=True, check=True)
    return done.stdout.decode().split("\n")[:-1]


@pytest.mark.skipif(not shutil.which("node"), reason="it compares with Node")
def test_node_writes_the_same_text():
    """Odd numbers, odd keys, odd characters, and a few thousand random doubles."""
    draw = random.Random(7)
    numbers = [draw.uniform(-1, 1) * 10 ** draw.randint(-30, 30) for _ in range(4000)]
    texts = [javascript_json(value) for value in (*ODD, *numbers, numbers)]
    assert through_node(texts) == texts


@given(value=JSON)
@settings(deadline=None)
def test_no_value_changes(value):
    """Read by Python, it is the same; whole numbers beyond 2^53 are the nearest double, as in JavaScript."""
    again = json.loads(javascript_json(value))

    def doubles(part):
        if isinstance(part, dict):
            return {key: doubles(item) for key, item in part.items()}
        if isinstance(part, list):
            return [doubles(item) for item in part]
        return float(part) if isinstance(part, (int, float)) and not isinstance(part, bool) else part

    assert doubles(again) == doubles(value)


@given(value=JSON)
def test_it_is_stable(value):
    """Written again, it is the same text."""
    text = javascript_json(value)
    assert javascript_json(json.loads(text)) == text


def test_what_is_no_json_is_refused():
    """A mistake of the server's, not a delivery."""
    with pytest.raises(TypeError, match="bytes"):
        javascript_json({"a": b"x"})
