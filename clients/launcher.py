"""The child process that a program runs in, and that dies with the process that started it.

It becomes the program that its first argument names, or runs it when it is a Python script of ours.

Source: prctl(2), PR_SET_PDEATHSIG, which outlasts execve(2).
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

_DIE_WITH_PARENT = 1
_OURS = ("PYTHONHOME", "PYTHONPATH")
"""For this interpreter alone: a program that is no script of ours finds its own libraries."""


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends, so that no orphan goes on writing to a cluster."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != int(os.environ.pop("FLOTILLA_PARENT")):
        sys.exit("the parent has ended already")


if __name__ == "__main__":
    die_with_parent()
    if sys.argv[1].endswith(".py"):
        runpy.run_path(sys.argv[1], run_name="__main__")
    else:
        for name in _OURS:
            os.environ.pop(name, None)
        os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - a program that one of our own clients has chosen
