"""Text from a server, made safe for a terminal. Nothing here imports more than the interpreter has loaded."""

from __future__ import annotations

# Control characters show their pictures; what would reorder or break a line, its code.
_CONTROLS = (
    {code: chr(0x2400 + code) for code in range(0x20)}
    | {0x7F: "\u2421"}
    | {code: f"\\x{code:02x}" for code in range(0x80, 0xA0)}
    | {code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
)
_IN_PARAGRAPHS = {code: shown for code, shown in _CONTROLS.items() if code != 0x0A}


def one_line(text: str) -> str:
    """`text` on one line, without anything that a terminal obeys."""
    return " ".join(text.replace("\t", " ").splitlines()).translate(_CONTROLS)


def paragraphs(text: str) -> str:
    """The same, with its line feeds."""
    return text.replace("\r\n", "\n").replace("\t", "    ").translate(_IN_PARAGRAPHS)
