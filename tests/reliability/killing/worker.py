"""Processes that run flows, and how they are killed: by their ids, and with everything that they started."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.reliability.killing.runs import Order, Word, obey

GONE_S = 10.0
REST_S = 120.0
LOOK_S = 0.02
WARM = "tests.reliability.killing.warm"
_warm = multiprocessing.get_context("forkserver")


def warm_up() -> None:
    """Have a process with all imports done, from which every run is forked. The environment is as it is now."""
    _warm.set_forkserver_preload([WARM])


class Worker:
    """One process that runs one flow."""

    def __init__(self, process: BaseProcess, answers: Connection) -> None:
        self._process = process
        self._answers = answers
        self.ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._note_end)

    def _note_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self.ended.set()

    async def word(self) -> Word:
        """How the flow ended.

        Raises:
            AssertionError: Its process ended without a word.
        """
        await self.ended.wait()
        try:
            word: Word = self._answers.recv()
        except EOFError:
            raise AssertionError(f"the run ended without a word: exit code {self._process.exitcode}") from None
        return word

    async def rest(self) -> None:
        """Wait until nothing in it runs, so that every request it is about to send has been sent.

        No sender can close the gap between its last check and the first byte: who freezes it just there sees that byte.
        """
        async with asyncio.timeout(REST_S):
            while not await self._stands_still():
                pass

    async def _stands_still(self) -> bool:
        """Whether every thread sleeps, and none has run during one look's time."""
        before = _threads((self.pid, *descendants(self.pid)))
        await asyncio.sleep(LOOK_S)
        after = _threads((self.pid, *descendants(self.pid)))
        return before == after and all(state == "S" for state, _ in after.values())

    async def kill(self) -> None:
        """SIGKILL to its session's processes; what it started must be gone a moment later by itself.

        Raises:
            AssertionError: A child outlives it: it would go on writing.
        """
        pid = self.pid
        children = descendants(pid)
        os.killpg(pid, signal.SIGKILL)
        await self.ended.wait()
        try:
            async with asyncio.timeout(GONE_S):
                while any(map(_goes_on, children)):  # noqa: ASYNC110 - the system tells no events
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"children of a killed run go on: {children}") from None

    @property
    def pid(self) -> int:
        """Id of the process and of its session."""
        assert self._process.pid is not None
        return self._process.pid

    def close(self) -> None:
        """End it if it has not ended, and forget it."""
        with contextlib.suppress(ProcessLookupError):
            if self._process.is_alive():
                os.killpg(self.pid, signal.SIGKILL)
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self._answers.close()


@asynccontextmanager
async def worker(order: Order) -> AsyncIterator[Worker]:
    """A process that carries out an order; it is gone afterwards."""
    answers, theirs = _warm.Pipe(duplex=False)
    process = _warm.Process(target=obey, args=(order, theirs), daemon=True)
    await asyncio.to_thread(process.start)
    theirs.close()
    opened = Worker(process, answers)
    try:
        yield opened
    finally:
        opened.close()


def freeze(pid: int) -> None:
    """Stop a process and everything that it started, as when its machine is suspended."""
    for each in (pid, *descendants(pid)):
        os.kill(each, signal.SIGSTOP)


def wake(pid: int) -> None:
    """Let a frozen process go on, and what it started."""
    for each in (*descendants(pid), pid):
        os.kill(each, signal.SIGCONT)


def _goes_on(pid: int) -> bool:
    return os.access(f"/proc/{pid}/exe", os.R_OK)


def _threads(pids: tuple[int, ...]) -> dict[str, tuple[str, int]]:
    """State of each thread by its path, and how often it has left a processor (proc_pid_status(5))."""
    found = {}
    for status in (each for pid in pids for each in Path(f"/proc/{pid}/task").glob("*/status")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            words = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            switches = int(words["voluntary_ctxt_switches"]) + int(words["nonvoluntary_ctxt_switches"])
            found[str(status)] = words["State"][0], switches
    return found


def descendants(pid: int) -> list[int]:
    """Ids of a process's children and their children."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError):
            found += [int(word) for word in task.read_text().split()]
    return found + [each for child in found for each in descendants(child)]
