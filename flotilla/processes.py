"""Processes that outlive a command: started in a session of their own, found again by a file, ended by their id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class StartFailed(Exception):
    """A process ended, or did not become ready in time; the message has the end of its log."""


def start(argv: Sequence[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, its output in a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            start_new_session=True,
        )


def wait_ready(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, timeout_s: float) -> None:
    """Wait until a started process is ready; one that takes too long is ended, so that nobody is left behind.

    Raises:
        StartFailed: It ended before, or took longer than ``timeout_s``.
    """
    deadline = time.monotonic() + timeout_s
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            why = (
                f"ended with {process.returncode}" if process.poll() is not None else f"not ready in {timeout_s:.0f} s"
            )
            stop(process.pid)
            raise StartFailed(f"{why}; the end of {log}:\n{tail}")
        time.sleep(0.1)


def stop(pid: int, timeout_s: float = 20.0) -> None:
    """End a process, and its session when it does not go; one that is gone is no error."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if not alive(pid):
            return
        time.sleep(0.1)
    os.killpg(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and is waited for by nobody counts as gone."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
