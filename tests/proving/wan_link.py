"""A link that is up: two network namespaces with a guest between them, whose netem can be changed while it runs."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from federation.spec.links import Link
from tests.proving.building import Missing
from tests.proving.wan import WanKit

NEAR, FAR = "10.98.0.1", "10.98.0.2"
_NEWNET = 0x40000000
_TRIES, _STEP_S = 600, 0.1
T = TypeVar("T")


class WanLink:
    """Two namespaces with an address each; what passes between them goes through netem.

    Args:
        kit: What it is made from.
        name: Short and unique on this machine.
    """

    def __init__(self, kit: WanKit, name: str) -> None:
        self._kit = kit
        self._near, self._far = f"{name}-near", f"{name}-far"
        self._pid = 0
        self._threads = {space: ThreadPoolExecutor(1, space) for space in (self._near, self._far)}

    def __enter__(self) -> WanLink:
        try:
            return self._open()
        except BaseException:
            self.close()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def near(self, work: Callable[[], T]) -> T:
        """Do something where the client is, in a thread of that namespace; its child processes live there, too."""
        return self._threads[self._near].submit(work).result()

    def far(self, work: Callable[[], T]) -> T:
        """Do something where the server is."""
        return self._threads[self._far].submit(work).result()

    def shape(self, link: Link) -> None:
        """Make the link such; half of the round trip is added on each way."""
        netem = f"delay {link.round_trip_s * 500:.1f}ms loss {link.loss:.0%} rate {link.bits_per_s / 1000:.0f}kbit"
        netem += " limit 10000"
        for port in ("eth0", "eth1"):
            self._say(f"/sbin/tc qdisc change dev {port} root netem {netem}")

    def close(self) -> None:
        """End the guest and remove the namespaces."""
        if self._pid:
            os.killpg(self._pid, signal.SIGKILL)
        for threads in self._threads.values():
            threads.shutdown()
        for space in (self._near, self._far):
            subprocess.run(["ip", "netns", "delete", space], check=False, capture_output=True)

    def _open(self) -> WanLink:
        for space in (self._near, self._far):
            _run("ip", "netns", "add", space)
        command = ["bash", str(self._kit.script), self._near, self._far, "delay 1ms limit 10000"]
        environment = {**os.environ, "RIG_BASE": str(self._kit.folder)}
        begun = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if begun.returncode:
            raise Missing(f"wanbox.sh ended with {begun.returncode}: {begun.stderr[-300:]}")
        self._pid = int(begun.stdout.split()[-1])
        for space, port, address in ((self._near, "tapwa", NEAR), (self._far, "tapwb", FAR)):
            for words in (("addr", "add", f"{address}/24", "dev", port), ("link", "set", port, "up")):
                _run("ip", "-n", space, *words)
            _run("ip", "-n", space, "link", "set", "lo", "up")
            self._threads[space].submit(_enter, space).result()
        self._wait_up()
        return self

    def _wait_up(self) -> None:
        pause = threading.Event()
        log = Path(self._kit.folder / "wan" / "con.log")
        for _ in range(_TRIES):
            if "WAN-UP" in log.read_text(errors="replace") and self.near(_answers):
                return
            pause.wait(_STEP_S)
        raise Missing(f"the guest of the slow link did not come up: {log.read_text(errors='replace')[-300:]}")

    def _say(self, command: str) -> None:
        """Type a command at the guest's console and wait until it was done."""
        with socket.socket(socket.AF_UNIX) as console:
            console.settimeout(30)
            console.connect(str(self._kit.folder / "wan" / "con.sock"))
            console.sendall(f"{command}; echo done=$?=\n".encode())
            told = b""
            while b"done=0=" not in told and b"done=1=" not in told and b"done=2=" not in told:
                told += console.recv(4096)
        if b"done=0=" not in told:
            raise Missing(f"the guest refused '{command}': {told[-200:]!r}")


def _enter(space: str) -> None:
    """Move this thread into a namespace. Source: setns(2)."""
    with open(f"/run/netns/{space}") as handle:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(handle.fileno(), _NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {space}")


def _answers() -> bool:
    """Whether the far end is there: nobody listens on the port, which it says."""
    try:
        socket.create_connection((FAR, 9), timeout=2).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


def _run(*argv: str) -> None:
    run = subprocess.run(argv, capture_output=True, text=True, check=False)
    if run.returncode:
        raise Missing(f"{' '.join(argv)}: {run.stderr.strip()}")
