"""What can be uploaded."""

import io
import os

import pytest

from coordinaitor_sdk._runtime.files import FileSource
from coordinaitor_sdk.exceptions import InvalidArgumentError


def content(source):
    """All that it gives."""
    file = source.open()
    try:
        return file.read()
    finally:
        source.close(file)


def test_a_path_is_read_as_often_as_needed(tmp_path):
    """As text or as a path."""
    (tmp_path / "a.txt").write_bytes(b"abc")
    for given in (tmp_path / "a.txt", str(tmp_path / "a.txt")):
        source = FileSource(given)
        assert (source.name, source.size, source.replayable) == ("a.txt", 3, True)
        assert [content(source), content(source)] == [b"abc", b"abc"]


def test_bytes_have_no_name():
    """But a size."""
    source = FileSource(b"abc")
    assert (source.name, source.size, content(source), content(source)) == (None, 3, b"abc", b"abc")


def test_a_file_is_read_from_where_it_stands_and_rewound_to_there(tmp_path):
    """And left open: it is the caller's."""
    (tmp_path / "a.bin").write_bytes(b"0123456789")
    with (tmp_path / "a.bin").open("rb") as file:
        file.read(4)
        source = FileSource(file)
        assert (source.name, source.size, source.replayable) == ("a.bin", 6, True)
        assert [content(source), content(source)] == [b"456789", b"456789"]
        assert not file.closed


def test_a_pipe_can_be_read_once():
    """Its size is not known."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as out, os.fdopen(writing, "wb") as into:
        into.write(b"abc")
        into.close()
        source = FileSource(out)
        assert (source.name, source.size, source.replayable) == (None, None, False)
        assert content(source) == b"abc"


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("/no/such/file", "can't be read: No such file"),
        (os.curdir, "can't be read"),
        (7, "must be a path"),
        (io.StringIO("text"), "open for text"),
    ],
)
def test_what_can_not_be_uploaded_says_why(file, message):
    """Before anything is sent."""
    with pytest.raises(InvalidArgumentError, match=message):
        FileSource(file)


def test_a_closed_file_says_so(tmp_path):
    """Not a ValueError of the interpreter's."""
    (tmp_path / "a").write_bytes(b"")
    with (tmp_path / "a").open("rb") as file:
        pass
    with pytest.raises(InvalidArgumentError, match="closed"):
        FileSource(file)
