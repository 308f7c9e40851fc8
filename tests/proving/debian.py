"""Packages of Debian, installed without starting what they bring."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.proving.building import Missing

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_POLICY = Path("/usr/sbin/policy-rc.d")


def program(name: str, folders: str = SYSTEM_PATH) -> str:
    """Path of a program.

    Raises:
        Missing: It is not installed.
    """
    found = shutil.which(name, path=folders)
    if found is None:
        raise Missing(f"no program '{name}'; `make proving-ground` installs it")
    return found


def install(packages: Sequence[str], say: Callable[[str], None] = print) -> None:
    """Install packages; their services are not started.

    Raises:
        Missing: This is not root on Debian, or apt-get says no.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(f"{', '.join(packages)} can only be installed by root with apt-get")
    say(f"installing {' '.join(packages)}")
    with _nothing_starts():
        for argv in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
            if run.returncode:
                raise Missing(f"{' '.join(argv)} failed: {run.stderr[-400:]}")


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Source: invoke-rc.d(8); a policy that answers 101 forbids every start."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
