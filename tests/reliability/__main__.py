"""``python -m tests.reliability TRIAL…|all|report``: trials at full size, and docs/reliability.md from what is kept."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys

from tests.reliability.chapters import KEPT, Chapter, keep, kept

TRIALS = ("cuts", "kills", "faults", "links", "peers", "deletions", "specs", "secrets")
"""Modules beside this one; each has ``trial(full: bool) -> Chapter``."""
REPORT = KEPT.with_suffix(".md")


def main() -> int:
    """Run what was asked for; 1 when a trial did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("what", nargs="+", choices=(*TRIALS, "all", "report"))
    what = parser.parse_args().what
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers that a trial has started are then stopped
    chapters = [_run(name) for name in (TRIALS if "all" in what else what) if name in TRIALS]
    REPORT.write_text(text(kept()))
    return any(chapter.failed for chapter in chapters)


def _run(name: str) -> Chapter:
    chapter: Chapter = importlib.import_module(f"tests.reliability.{name}").trial(full=True)
    keep(chapter)
    print(f"{chapter.title}: {chapter.passed} of {chapter.tried}")
    for line in chapter.failed:
        print(f"  {line}")
    return chapter


def text(chapters: list[Chapter]) -> str:
    """The report as Markdown."""
    head = [
        "# Reliability",
        "",
        "Made by `make reliability`: each promise, and the machine that tries to break it.",
        "",
    ]
    rows = [f"| {each.title} | {each.tried} | {each.passed} | {each.date} |" for each in chapters]
    parts = [*head, "| what | tried | held | when |", "|---|---|---|---|", *rows, ""]
    for each in chapters:
        parts += _section(each)
    return "\n".join(parts).rstrip() + "\n"


def _section(chapter: Chapter) -> list[str]:
    lines = [
        f"## {chapter.title}",
        chapter.how,
        "",
        f"Tried {chapter.tried}, held {chapter.passed} ({chapter.date}).",
        "",
    ]
    if chapter.headers:
        table = [chapter.headers, tuple("---" for _ in chapter.headers), *chapter.rows]
        lines += [*(f"| {' | '.join(each.replace('|', '&#124;') for each in row)} |" for row in table), ""]
    for title, found in (("Did not hold", chapter.failed), ("Failed first, and what was changed", chapter.repaired)):
        if found:
            lines += [f"**{title}**", "", *(f"- {each}" for each in found), ""]
    return lines


if __name__ == "__main__":
    sys.exit(main())
