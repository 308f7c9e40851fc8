"""The story of a run while it is told: each step as it ends, and what is at work now with what it waits for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from federation.planning.explain import sign
from federation.planning.outcomes import Outcome
from federation.planning.plan import Step

SOURCES = ("flows.story", "tasks.performing")
"""Loggers whose records tell a story: steps that ended carry ``outcome``, steps at work carry ``at_work``."""
SHOWN = 8
"""Steps at work that are shown on a terminal."""
SILENCE_S = 15.0
"""Without a terminal: seconds of silence after which a line says what is at work."""
_MARK = {
    "done": "[green]✓[/]",
    "waiting": "[yellow]…[/]",
    "failed": "[red]✗[/]",
    "skipped": "[yellow]·[/]",
    "interrupted": "[yellow]…[/]",
}


@dataclass
class AtWork:
    """A step that has begun and not ended."""

    key: str
    since: float = field(default_factory=time.monotonic)
    waiting_for: str = ""

    def __str__(self) -> str:
        wait = f"; waiting for {self.waiting_for}" if self.waiting_for else ""
        return f"{self.key} ({time.monotonic() - self.since:.0f} s{wait})"


class StoryHandler(logging.Handler):
    """Tells the story of a run line by line, each with its time since the run began."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console
        self._begun = self.told_at = time.monotonic()
        self._at_work: dict[str, AtWork] = {}
        self._spinner = Spinner("dots")

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of the story in, and print it when it tells of an end."""
        step, outcome = getattr(record, "step", None), getattr(record, "outcome", None)
        at_work = getattr(record, "at_work", None)
        if isinstance(step, Step) and isinstance(outcome, Outcome):
            self._at_work.pop(step.key, None)
            self._print(f"{_MARK[outcome.result]} {sign(step)}", _line(outcome))
        elif at_work is not None:
            self._at_work.setdefault(at_work, AtWork(at_work)).waiting_for = getattr(record, "waiting_for", "")
        elif record.name == SOURCES[0]:
            self._print(" ", Text(record.getMessage()))

    def _print(self, mark: str, text: Text) -> None:
        self.told_at = time.monotonic()
        self._console.print(f"[dim]{self.told_at - self._begun:6.1f} s[/] {mark}", text)

    def say_at_work(self) -> None:
        """Print one line about what is at work, unless nothing is."""
        steps = list(self._at_work.values())
        if steps:
            more = f", and {len(steps) - 3} more" if len(steps) > 3 else ""
            self._print("…", Text(f"at work: {', '.join(map(str, steps[:3]))}{more}"))

    def __rich__(self) -> RenderableType:
        """What is at work now, for the bottom of a terminal."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column()
        grid.add_column(no_wrap=True, overflow="ellipsis", max_width=max(20, self._console.width - 4))
        steps = list(self._at_work.values())
        for step in steps[:SHOWN]:
            grid.add_row(self._spinner, Text(str(step)))
        if len(steps) > SHOWN:
            grid.add_row("", Text(f"and {len(steps) - SHOWN} more", style="dim"))
        return grid


def _line(outcome: Outcome) -> Text:
    took = f" ({outcome.duration_s:.1f} s)" if outcome.duration_s >= 0.1 else ""
    text = Text(f"{outcome.key}{took}")
    if outcome.message and outcome.result != "done":
        text.append(f"\n             {outcome.reason}: {outcome.message}", style="red")
    return text


@contextmanager
def story(console: Console) -> Iterator[None]:
    """Show the story of runs of this process while the block lasts."""
    handler = StoryHandler(console)
    for name in SOURCES:
        log = logging.getLogger(name)
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    try:
        with Live(handler, console=console, transient=True) if console.is_terminal else _lines(handler):
            yield
    finally:
        for name in SOURCES:
            logging.getLogger(name).removeHandler(handler)


@contextmanager
def _lines(handler: StoryHandler) -> Iterator[None]:
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            if time.monotonic() - handler.told_at >= SILENCE_S:
                handler.say_at_work()

    watcher = threading.Thread(target=watch, name="story", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
