"""Text from servers on terminals."""

import json

from coordinaitor_cli.output.json import dumps
from coordinaitor_cli.output.text import one_line, paragraphs


def test_escape_sequences_are_shown_not_obeyed():
    """Controls become pictures, C1 controls and reordering characters their codes."""
    assert one_line("a\x1b[2Jb\x07\x00\x7f") == "a␛[2Jb␇␀␡"
    assert one_line("a\x9b2Jb\u202ec\u2066") == "a\\x9b2Jb\\u202ec\\u2066"


def test_one_line_is_one_line():
    """Line breaks and tabs of all kinds become blanks."""
    assert one_line("a\nb\r\nc\td\u2028e\x85f") == "a b c d e f"


def test_paragraphs_keep_their_lines():
    """Only line feeds are kept."""
    assert paragraphs("a\r\nb\n\x1bc\td\re") == "a\nb\n␛c    d␍e"


def test_brackets_and_letters_of_all_scripts_stay():
    """Nothing is taken for markup."""
    assert one_line("[red]ü漢字🎉[/red]") == "[red]ü漢字🎉[/red]"


def test_json_is_safe_and_the_same():
    """What a terminal would obey is escaped within JSON; the value is unchanged."""
    value = {"a": "\x1b\x9b\x7f\u202e ü \\u0041"}
    text = dumps(value)
    assert json.loads(text) == value
    assert not set(text) & set("\x1b\x9b\x7f\u202e")
