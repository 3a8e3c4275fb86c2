"""Generate `_sync` from `_async`; with `--check` only tell whether it is fresh.

Every rule must match somewhere, and whole trees are compared: a rule that no longer applies, a file too many
and a line too few all fail.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "coordinaitor_sdk"
SOURCE, TARGET = PACKAGE / "_async", PACKAGE / "_sync"

RULES = [
    (r"\basync def\b", "def"),
    (r"\basync (for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"__aiter__", "__iter__"),
    (r"__aenter__", "__enter__"),
    (r"__aexit__", "__exit__"),
    (r"\bAsyncRetrying\b", "Retrying"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\bAsync(Agents|Auth|Projects|System|Tasks|Users|Webhooks)\b", r"\1"),
    (r"\bAsync(Caller|Coordinaitor|Http|Middleware|Pager|Send|Session|Transport)\b", r"\1"),
    (r"\bAsync(EventFeed|Watcher|(?:Agent|Project|Task)Watch)\b", r"\1"),
    (r"\bAsync(Raw(?:Agents|Auth|Projects|System|Tasks|Users|Webhooks))\b", r"\1"),
    (r"\bAsync(BaseTransport|CacheTransport|Client|HTTPTransport)\b", r"\1"),
    (r"\bhandle_async_request\b", "handle_request"),
    (r"\baclose\b", "close"),
    (r"\baiter_bytes\b", "iter_bytes"),
    (r"_runtime\.aio(_|\b)", r"_runtime.threads\1"),
    (r"_watch\.aio(_|\b)", r"_watch.blocking\1"),
    (r"\bAwaitable\[((?:[^][]|\[(?:[^][]|\[[^][]*\])*\])*)\]", r"\1"),
    (r"^((?:    )?from collections\.abc import .*?)Awaitable, ", r"\1"),
]
DOCUMENTATION = [
    (r"`_sync` is generated from here\.", "generated."),
]
HEADER = "# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.\n"


def generated() -> dict[Path, str]:
    """The files that belong into `_sync`, by their path in it."""
    unused = {pattern for pattern, _ in RULES + DOCUMENTATION}
    files: dict[Path, str] = {}
    for source in sorted(SOURCE.rglob("*.py")):
        text = source.read_text("utf-8")
        for pattern, replacement in RULES + DOCUMENTATION:
            text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
            if count:
                unused.discard(pattern)
        levels = len(source.relative_to(SOURCE).parts)
        files[source.relative_to(SOURCE)] = HEADER.replace("../", "../" * levels, 1) + text
    if unused:
        sys.exit(f"rules that no longer match anything: {sorted(unused)}")
    return files


def formatted(files: dict[Path, str], directory: Path) -> dict[Path, str]:
    """The files as ruff leaves them: names of other lengths break lines elsewhere."""
    import subprocess

    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text, "utf-8")
    root = PACKAGE.parent.parent
    installed = root / ".venv" / "bin" / "ruff"
    ruff = str(installed) if installed.exists() else "ruff"
    common = ["--quiet", "--config", str(root / "pyproject.toml"), str(directory)]
    subprocess.run([ruff, "check", "--select", "I", "--fix", *common], check=True)
    subprocess.run([ruff, "format", *common], check=True)
    return {path: (directory / path).read_text("utf-8") for path in files}


def main() -> None:
    """Write `_sync`, or compare it."""
    import tempfile

    with tempfile.TemporaryDirectory(dir=PACKAGE, prefix=".unasync-") as directory:
        files = formatted(generated(), Path(directory))
    present = {path.relative_to(TARGET): path for path in TARGET.rglob("*.py")}
    stale = [
        path
        for path, text in files.items()
        if path not in present or present[path].read_text("utf-8") != text
    ]
    extra = sorted(present.keys() - files.keys())
    if "--check" in sys.argv:
        if stale or extra:
            sys.exit(f"_sync is not fresh: {', '.join(map(str, stale + extra))}; run `make sync`")
        return
    for path in extra:
        present[path].unlink()
    for path in stale:
        (TARGET / path).parent.mkdir(parents=True, exist_ok=True)
        (TARGET / path).write_text(files[path], "utf-8")
    print(f"_sync: {len(stale)} written, {len(extra)} removed, {len(files) - len(stale)} fresh")


if __name__ == "__main__":
    main()
