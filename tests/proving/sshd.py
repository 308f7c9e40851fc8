"""OpenSSH's server: Debian's package; tests start it on a machine of its own (``tests.proving.machine``)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from tests.proving.building import Missing
from tests.proving.debian import install, program

_PACKAGES = ("openssh-server", "sudo")


@dataclass(frozen=True)
class Sshd:
    """The program and the version that it shows to clients."""

    program: str
    version: str


def find() -> Sshd:
    """The server, when everything that a machine of its own takes is here.

    Raises:
        Missing: It is not installed, or this is not root on Linux.
    """
    for name in ("unshare", "sudo"):
        program(name)
    if os.geteuid() != 0:
        raise Missing("sshd gets users and files of its own by namespaces, which takes root")
    path = program("sshd")
    told = subprocess.run([path, "-V"], capture_output=True, text=True, check=False)
    return Sshd(path, (told.stderr or told.stdout).split(",")[0].strip())


def up(say: Callable[[str], None] = print) -> None:
    """Install the packages where they are missing; nothing is started.

    Raises:
        Missing: They cannot be installed.
    """
    try:
        find()
    except Missing:
        install(_PACKAGES, say)
        find()


def down() -> None:
    """Nothing stays up between tests."""
