"""Child processes that end: by themselves, at their deadline, or with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from clients import fence
from federation.errors import Unavailable

_KEPT = (
    "PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy",
    "https_proxy", "no_proxy",
)  # fmt: skip
"""All that a child sees of our environment, which may hold secrets."""
_LOOK_AGAIN_S = 1.0
"""How often it is asked whether a child may still go on."""


@dataclass(frozen=True)
class Program:
    """What to run: a file, the arguments with the name that it gets as the first, and variables that it needs."""

    executable: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Ended:
    """How a child ended."""

    code: int
    output: str
    complaint: str


def worker(name: str, *arguments: str) -> Program:
    """The child of ``clients/helm/worker.py``, with the modules that are installed beside our own.

    Args:
        name: What the process calls itself. Helm's library signs its server-side applies with it, so that releases
            made with the library and with the program ``helm`` have the same field manager.
        arguments: Program that the child becomes, with its arguments; none for Helm's library.
    """
    installed = find_spec("helm_python")
    environment = {
        "FLOTILLA_PARENT": str(os.getpid()),
        "PYTHONHOME": sys.base_prefix,
        "PYTHONPATH": str(Path(installed.origin).parents[1]) if installed and installed.origin else "",
    }
    argv = (name, "-s", "-P", str(Path(__file__).with_name("worker.py")), *arguments)
    return Program(sys.executable, argv, environment)


def run(program: Program, order: str, timeout_s: float, inherit: tuple[int, ...] = ()) -> Ended:
    """Run a child in a home folder of its own, feed it a text and wait for it.

    Args:
        inherit: File descriptors that the child keeps.

    Raises:
        Unavailable: It did not end in time and was killed; what it did is unknown.
    """
    fence.ask()
    with tempfile.TemporaryDirectory(prefix="flotilla-helm-") as home:
        child = subprocess.Popen(
            program.argv,
            executable=program.executable,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(home) | dict(program.environment),
            cwd=home,
            pass_fds=inherit,
            start_new_session=True,
        )
        with child:
            try:
                output, complaint = _attended(child, order, timeout_s)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                raise Unavailable(f"Helm did not end within {timeout_s:.0f} s and was stopped") from None
            except BaseException:
                os.killpg(child.pid, signal.SIGKILL)
                raise
        return Ended(child.returncode, output, complaint)


def _attended(child: subprocess.Popen[str], order: str, timeout_s: float) -> tuple[str, str]:
    """Its outputs once it has ended; whoever may no longer write does not let it go on either.

    Raises:
        subprocess.TimeoutExpired: It goes on after that time.
    """
    deadline, given = time.monotonic() + timeout_s, order or None
    while True:
        left_s = deadline - time.monotonic()
        try:
            return child.communicate(given, timeout=min(_LOOK_AGAIN_S, max(left_s, 0.0)))
        except subprocess.TimeoutExpired:
            if left_s <= _LOOK_AGAIN_S:
                raise
        fence.ask()
        given = None


def _environment(home: str) -> dict[str, str]:
    folders = {f"HELM_{kind}_HOME": str(Path(home) / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | folders | {"HOME": home}
