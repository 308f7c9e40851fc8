"""Child processes that end: by themselves, at their deadline, or with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """What to run.

    Attributes:
        called: What people call it.
        argv: Arguments, with the name that the process goes by as the first.
        environment: Variables that it needs.
        homes: Variables that name places in the home folder that it gets for itself.
    """

    called: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a child ended."""

    code: int
    output: str
    complaint: str


def run(program: Program, order: str, timeout_s: float, inherit: tuple[int, ...] = ()) -> Ended:
    """Run a program in a home folder of its own, feed it a text and wait for it. It dies with this process.

    Args:
        program: Begun by ``clients/launcher.py``: the second argument is a program, or a script of ours.
        inherit: File descriptors that the child keeps.

    Raises:
        Unavailable: It did not end in time and was killed; what it did is unknown.
    """
    fence.ask()
    name, *rest = program.argv
    with tempfile.TemporaryDirectory(prefix="flotilla-child-") as home:
        child = subprocess.Popen(
            [name, "-s", "-P", str(Path(__file__).with_name("launcher.py")), *rest],
            executable=sys.executable,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(program, home),
            cwd=home,
            pass_fds=inherit,
            start_new_session=True,
        )
        with child:
            try:
                output, complaint = _attended(child, order, timeout_s)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                raise Unavailable(f"{program.called} did not end within {timeout_s:.0f} s and was stopped") from None
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


def _environment(program: Program, home: str) -> dict[str, str]:
    own = {"HOME": home, "FLOTILLA_PARENT": str(os.getpid()), "PYTHONHOME": sys.base_prefix}
    homes = {name: str(Path(home) / place) for name, place in program.homes.items()}
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(program.environment) | homes | own
