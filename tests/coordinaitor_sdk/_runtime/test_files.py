"""What can be uploaded, and how it is read."""

import io
import os
import tempfile
import threading
from pathlib import Path

import anyio
import pytest

from coordinaitor_sdk._runtime.files import Pieces, source_of
from coordinaitor_sdk.exceptions import InvalidArgumentError


def content(source, size=1024):
    """All that it gives, opened once more."""
    source.open()
    try:
        return b"".join(iter(lambda: source.read(size), b""))
    finally:
        source.close()


class TestPath:
    def test_a_path_is_read_as_often_as_needed(self, tmp_path):
        """As text, as a path, or as anyio's."""
        (tmp_path / "a.txt").write_bytes(b"abc")
        for given in (tmp_path / "a.txt", str(tmp_path / "a.txt"), anyio.Path(tmp_path / "a.txt")):
            source = source_of(given)
            assert (source.name, source.size, source.replayable) == ("a.txt", 3, True)
            assert [content(source), content(source)] == [b"abc", b"abc"]

    def test_an_empty_file_has_a_size(self, tmp_path):
        """It is no file of unknown size."""
        (tmp_path / "a").touch()
        source = source_of(tmp_path / "a")
        assert (source.size, content(source)) == (0, b"")

    def test_a_file_of_the_kernels_has_no_size(self):
        """It says 0, and has content."""
        made_up = Path("/proc/self/status")
        if not made_up.exists():
            pytest.skip("no /proc here")
        source = source_of(made_up)
        assert source.size is None
        assert content(source).startswith(b"Name:")

    def test_a_named_pipe_is_opened_when_it_is_read_and_once(self, tmp_path):
        """Its writer would notice a second reader."""
        os.mkfifo(tmp_path / "p")
        source = source_of(tmp_path / "p")
        assert (source.name, source.size, source.waits, source.replayable) == ("p", None, True, True)
        writer = threading.Thread(target=(tmp_path / "p").write_bytes, args=[b"abc"])
        writer.start()
        assert content(source) == b"abc"
        writer.join()
        assert not source.replayable
        with pytest.raises(InvalidArgumentError, match="only once"):
            source.open()

    def test_a_standard_stream_is_read_by_its_path(self, tmp_path):
        """As `/dev/stdin`."""
        reading, writing = os.pipe()
        os.write(writing, b"piped")
        os.close(writing)
        try:
            source = source_of(f"/dev/fd/{reading}")
            assert (source.size, content(source)) == (None, b"piped")
        finally:
            os.close(reading)


class TestMemory:
    @pytest.mark.parametrize(
        "given",
        [b"abcdef", bytearray(b"abcdef"), memoryview(b"abcdef"), memoryview(b"a.b.c.d.e.f.")[::2]],
        ids=["bytes", "bytearray", "memoryview", "strided"],
    )
    def test_bytes_of_any_kind_have_a_size_and_no_name(self, given):
        """And are read as often as needed."""
        source = source_of(given)
        assert (source.name, source.size, source.replayable) == (None, 6, True)
        assert [content(source, 4), content(source)] == [b"abcdef", b"abcdef"]

    def test_a_view_is_counted_in_bytes(self):
        """Not in its items."""
        assert source_of(memoryview(bytes(16)).cast("Q")).size == 16

    def test_it_is_not_copied(self):
        """A gigabyte in memory does not become two."""
        given = bytearray(b"abc")
        source = source_of(given)
        given[0] = ord("x")
        assert content(source) == b"xbc"


class TestOpenFile:
    def test_it_is_read_from_where_it_stands_and_rewound_to_there(self, tmp_path):
        """And left open: it is the caller's."""
        (tmp_path / "a.bin").write_bytes(b"0123456789")
        with (tmp_path / "a.bin").open("rb") as file:
            file.read(4)
            source = source_of(file)
            assert (source.name, source.size, source.replayable) == ("a.bin", 6, True)
            assert [content(source), content(source)] == [b"456789", b"456789"]
            assert not file.closed

    @pytest.mark.parametrize("size", [3, 3000], ids=["in memory", "on disk"])
    def test_a_spooled_file_is_read_wherever_it_lies(self, size):
        """It has no name that means anything."""
        with tempfile.SpooledTemporaryFile(max_size=1000) as file:
            file.write(bytes(size))
            file.seek(1)
            source = source_of(file)
            assert (source.name, source.size, content(source)) == (None, size - 1, bytes(size - 1))

    def test_bytes_behind_a_files_end_are_none(self):
        """A file may stand behind its end."""
        file = io.BytesIO(b"abc")
        file.seek(10)
        assert source_of(file).size == 0

    def test_a_pipe_can_be_read_once(self):
        """Its size is not known."""
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as out, os.fdopen(writing, "wb") as into:
            into.write(b"abc")
            into.close()
            source = source_of(out)
            assert (source.name, source.size, source.replayable) == (None, None, True)
            assert content(source) == b"abc"
            assert not source.replayable

    def test_a_device_has_no_size(self):
        """Although it can be told where it stands: at 0 of 0."""
        with Path("/dev/zero").open("rb") as file:
            source = source_of(file)
            source.open()
            assert (source.size, source.read(5)) == (None, bytes(5))

    def test_a_standard_stream_has_no_name(self, tmp_path):
        """`<stdin>` is none."""
        (tmp_path / "a").touch()
        with os.fdopen(os.open(tmp_path / "a", os.O_RDONLY), "rb") as file:
            assert source_of(file).name is None
        named = io.BytesIO()
        named.name = "<stdin>"
        assert source_of(named).name is None


class TestChangedFile:
    def test_what_is_appended_meanwhile_stays_out(self, tmp_path):
        """A log that is being written goes as it was."""
        path = tmp_path / "a.log"
        path.write_bytes(b"first")
        source = source_of(path)
        path.write_bytes(b"first and more")
        assert content(source, 3) == b"first"

    def test_one_that_became_shorter_says_so(self, tmp_path):
        """What was announced can't be sent."""
        path = tmp_path / "a.log"
        path.write_bytes(b"0123456789")
        source = source_of(path)
        path.write_bytes(b"0123")
        with pytest.raises(
            InvalidArgumentError, match="changed while it was sent: of its 10 bytes the last 6"
        ):
            content(source)

    def test_a_file_that_gives_more_than_is_asked_for_is_cut_at_its_size(self):
        """Of the caller's making."""

        class Generous(io.BytesIO):
            def read(self, size=-1):
                return super().read() + b"!!"

        assert content(source_of(Generous(b"abc"))) == b"abc"


class TestIterator:
    @pytest.mark.parametrize(
        "given",
        [
            lambda: iter([b"ab", b"", b"cdef"]),
            lambda: (c for c in (b"abcd", bytearray(b"ef"))),
            lambda: {b"abcdef"},
        ],
        ids=["iterator", "generator", "iterable"],
    )
    def test_it_can_be_read_once(self, given):
        """And retried only while it has not been begun."""
        source = source_of(given())
        assert (source.name, source.size, source.replayable) == (None, None, True)
        assert content(source, 3) == b"abcdef"
        assert not source.replayable

    def test_a_list_can_be_read_again(self):
        """It is the same at each turn."""
        source = source_of([b"ab", b"c"])
        assert [content(source), content(source), source.replayable] == [b"abc", b"abc", True]

    def test_large_items_are_cut(self):
        """No piece is larger than what is sent at once."""
        source = source_of(iter([bytes(10), bytes(3)]))
        source.open()
        assert [len(piece) for piece in iter(lambda: source.read(4), b"")] == [4, 4, 2, 3]

    @pytest.mark.parametrize(("item", "kind"), [("text", "str"), (None, "NoneType"), (7, "int")])
    def test_an_item_that_is_no_bytes_is_named(self, item, kind):
        """Text is an easy mistake."""
        with pytest.raises(InvalidArgumentError, match=f"iterator gives {kind} instead of bytes"):
            content(source_of(iter([b"a", item])))

    def test_items_are_counted_in_bytes(self):
        """A view may have other items."""
        pieces = Pieces()
        pieces.put(memoryview(bytes(16)).cast("Q"))
        assert [len(pieces.take(10)), len(pieces.take(10)), len(pieces.take(10))] == [10, 6, 0]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (Path("/no/such/file"), "^/no/such/file can't be read: No such file"),
        (os.curdir, "it is a directory"),
        ("a\0b", "can't be read: embedded null"),
        (7, "must be a path"),
        (None, "must be a path"),
        (io.StringIO("text"), "open for text"),
    ],
)
def test_what_can_not_be_uploaded_says_why(file, message):
    """Before anything is sent."""
    with pytest.raises(InvalidArgumentError, match=message):
        source_of(file)


def test_a_closed_file_says_so(tmp_path):
    """Not a ValueError of the interpreter's."""
    (tmp_path / "a").write_bytes(b"")
    with (tmp_path / "a").open("rb") as file:
        pass
    with pytest.raises(InvalidArgumentError, match="closed"):
        source_of(file)
