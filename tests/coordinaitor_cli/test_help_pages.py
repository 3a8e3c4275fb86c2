"""The docs' pages of commands are what the commands say themselves."""

import importlib.util
from pathlib import Path

import pytest

from coordinaitor_cli.app import COMMANDS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def helppages():
    """The script that makes them."""
    spec = importlib.util.spec_from_file_location("helppages", ROOT / "scripts" / "helppages.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_pages_are_those_of_the_commands(helppages):
    """`make help-pages` would change nothing."""
    assert sorted(helppages.stale()) == []


def test_a_page_that_is_changed_missing_or_too_many_is_seen(helppages, tmp_path):
    """By its file's name."""
    for name, text in helppages.pages().items():
        (tmp_path / name).write_text(text, "utf-8")
    assert helppages.stale(tmp_path) == {}
    (tmp_path / "tasks.md").write_text("other")
    (tmp_path / "gone.md").write_text("more")
    (tmp_path / "auth.md").unlink()
    assert sorted(helppages.stale(tmp_path)) == ["auth.md", "gone.md", "tasks.md"]
    assert helppages.stale(tmp_path)["gone.md"] is None


def test_the_width_of_the_terminal_changes_nothing(helppages, monkeypatch):
    """Nor do its colours."""
    before = helppages.pages()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert helppages.pages() == before


def test_a_page_is_the_help_as_it_is_printed(cli, helppages):
    """Of a command too that has no others below it."""
    for words in (("tasks", "list"), ("ping",)):
        printed = cli(*words, "--help", COLUMNS="102").stdout.strip()
        flat = " ".join(printed.split())
        assert flat in " ".join(helppages.pages()[f"{words[0]}.md"].split())


def test_every_page_is_in_the_navigation():
    """In the order of the tree."""
    lines = (ROOT / "mkdocs.yml").read_text("utf-8").splitlines()
    shown = [line.rpartition("/")[2] for line in lines if ": reference/cli/" in line]
    assert shown == ["index.md", *(f"{name}.md" for name in COMMANDS)]
