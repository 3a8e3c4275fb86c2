"""`coordinaitor server worlds snapshot`, `restore`, `fork`, `export`, `import`."""

import json

import pytest
from server_process import ServerProcess

START = "2024-01-15T10:30:00Z"


@pytest.fixture(scope="module")
def url():
    """A server with a control API."""
    with ServerProcess() as process:
        yield process.start(control=True).url


@pytest.fixture
def made(cli, url):
    """A new world."""
    return cli.json("server", "worlds", "create", "--now", START, "--url", url)


def test_a_world_is_kept_put_back_and_forked(cli, url, made):
    """Each command prints what the server answers."""
    there = ("--world", made["world"], "--url", url)
    taken = cli.json("server", "worlds", "snapshot", *there)
    assert taken == {"name": "snapshot-1", "epoch": made["epoch"], "takenAt": START, "frozen": True}
    assert cli("server", "worlds", "snapshot", "--name", "second", *there).returncode == 0
    cli.json("server", "time", "advance", "60", *there)
    listed = cli.json("server", "worlds", "snapshots", *there)
    assert [one["name"] for one in listed] == ["second", "snapshot-1"]
    assert "second\t2024" in cli("server", "worlds", "snapshots", *there).stdout
    fork = cli.json("server", "worlds", "fork", "--snapshot", "second", "--name", "Initech", *there)
    assert (fork["now"], fork["organization"]["name"]) == (START, "Initech")
    assert fork["apiKey"].startswith("ak_")
    put_back = cli.json("server", "worlds", "restore", "snapshot-1", *there)
    assert put_back["now"] == START
    assert put_back["epoch"] != made["epoch"]
    removed = cli("server", "worlds", "snapshots", "--delete", "second", *there)
    assert (removed.returncode, removed.stdout) == (0, "")
    gone = cli("server", "worlds", "restore", "second", *there)
    assert (gone.returncode, gone.stdout) == (3, "")
    assert "has no snapshot 'second'" in gone.stderr


def test_an_export_is_written_whole_and_read_again(cli, url, made, tmp_path):
    """In place of the file before; nothing else is left beside it."""
    there = ("--world", made["world"], "--url", url)
    file = tmp_path / "world.jsonl"
    file.write_text("before")
    done = cli("server", "worlds", "export", str(file), *there)
    assert (done.returncode, done.stdout) == (0, "")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["world.jsonl"]
    header = json.loads(file.read_text().splitlines()[0])
    assert (header["format"], header["world"]) == ("coordinaitor-world", made["world"])
    other = cli.json("server", "worlds", "import", str(file), "--name", "Copy", "--url", url)
    assert (other["organization"]["name"], other["now"]) == ("Copy", START)
    assert other["admin"]["email"] == f"admin+{other['world']}@orchestrator.com"


def test_what_can_not_be_exported_leaves_the_file(cli, url, tmp_path):
    """A world that is gone, a folder that is not there."""
    file = tmp_path / "world.jsonl"
    file.write_text("before")
    gone = cli("server", "worlds", "export", str(file), "--world", "org-none", "--url", url)
    assert gone.returncode == 3
    assert file.read_text() == "before"
    nowhere = cli("server", "worlds", "export", "none/a.jsonl", "--world", "org-456", "--url", url)
    assert nowhere.returncode == 1
    assert "can't be written" in nowhere.stderr


def test_an_export_that_does_not_fit_names_line_and_field(cli, url, made, tmp_path):
    """Nothing is made of it."""
    file = tmp_path / "world.jsonl"
    cli("server", "worlds", "export", str(file), "--world", made["world"], "--url", url)
    lines = file.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith('{"task"'))
    lines[place] = lines[place].replace('"title": "', '"titel": "')
    file.write_text("\n".join(lines))
    before = cli.json("server", "worlds", "list", "--url", url)
    refused = cli("server", "worlds", "import", str(file), "--url", url)
    assert (refused.returncode, refused.stdout) == (7, "")
    assert f"line {place + 1}, title" in refused.stderr
    assert "Title is required" in refused.stderr
    missing = cli("server", "worlds", "import", str(tmp_path / "none"), "--url", url)
    assert missing.returncode == 1
    assert "can't be read" in missing.stderr
    assert len(cli.json("server", "worlds", "list", "--url", url)) == len(before)
