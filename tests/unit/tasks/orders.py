"""Orders whose steps are played from a script."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, TypeVar, cast

import pytest

from federation.planning.actions import ClusterAction
from providers.contracts import Progress
from tasks import performing
from tasks.performing import Order
from tasks.workbench import Workbench

T = TypeVar("T")


class Probe(ClusterAction):
    """An action of the tests."""

    verb = "probe"


class Brief(Probe):
    """One with hardly any time."""

    deadline_s: ClassVar[float] = 0.05


class Impatient(Probe):
    """One that leaves others to themselves when they show no progress."""

    patience_s: ClassVar[float | None] = 0.01


class Script:
    """Plays one answer a step, the last one for ever; counts the steps that began and that ended."""

    def __init__(self, *answers: Progress | Exception) -> None:
        self.answers = answers
        self.begun = 0
        self.ended = 0
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self, bench: object, action: object) -> Progress:
        """Play the next answer, once ``hold`` lets it go."""
        answer = self.answers[min(self.begun, len(self.answers) - 1)]
        self.begun += 1
        self.hold.wait(30)
        self.ended += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def played(script: Script) -> Iterator[Script]:
    """Every step of every action is played from the script."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(performing, "advance", script)
        yield script


class Threads:
    """Stands for a workbench: runs steps in threads."""

    async def aside(self, work: Callable[..., T], *arguments: object) -> T:
        """Run work in a thread."""
        return await asyncio.to_thread(work, *arguments)

    def round_trip_s(self, clusters: object) -> float:
        """Everything is near."""
        return self.far_s

    far_s: float = 0.0


def an_order(check_lease: Callable[[], None] = lambda: None, action: ClusterAction | None = None) -> Order:
    """An order for a probe of cluster a."""
    return Order(cast(Workbench, Threads()), action or Probe("a"), check_lease, asyncio.Semaphore(1))


async def until(condition: Callable[[], bool]) -> None:
    """Let others go on until a condition holds."""
    while not condition():  # noqa: ASYNC110 - the condition is set by a thread
        await asyncio.sleep(0.001)
