"""A slow and lossy link for real packets: a guest with Debian's kernel as a bridge with netem, between two namespaces.

The kernel of this machine may have no netem. What is installed here serves ``../shared/proving-ground/wanbox.sh``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.proving.building import Missing, cache_folder
from tests.proving.debian import install, program

SCRIPT = Path(__file__).parents[2].parent / "shared" / "proving-ground" / "wanbox.sh"
_PACKAGES = ("qemu-system-x86", "seabios", "busybox-static", "cpio", "kmod", "iproute2")
_PROGRAMS = ("qemu-system-x86_64", "busybox", "cpio", "depmod", "ip", "tc")
_KERNEL = "linux-image-cloud-amd64"


@dataclass(frozen=True)
class WanKit:
    """What a link is made from: the script and the folder with the guest's kernel."""

    script: Path
    folder: Path

    @property
    def kernel(self) -> str:
        """Version of the guest's kernel."""
        return next(each.name for each in (self.folder / "kern" / "x" / "lib" / "modules").iterdir())


def find() -> WanKit:
    """The kit, when everything is here.

    Raises:
        Missing: A program, the kernel or the script is not there, or this is not root with /dev/net/tun.
    """
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        raise Missing("a link between namespaces takes root and /dev/net/tun")
    if not SCRIPT.exists():
        raise Missing(f"no {SCRIPT.name} beside the project")
    for name in _PROGRAMS:
        program(name)
    folder = cache_folder().parent / "wan"
    if not list(folder.glob("kern/x/boot/vmlinuz*")):
        raise Missing("no kernel for the guest of the slow link; `make proving-ground` gets it")
    return WanKit(SCRIPT, folder)


def up(say: Callable[[str], None] = print) -> None:
    """Install qemu and unpack Debian's kernel beside it, where they are missing; nothing is started.

    Raises:
        Missing: They cannot be had.
    """
    try:
        find()
    except Missing:
        install(_PACKAGES, say)
        _unpack_kernel(cache_folder().parent / "wan" / "kern", say)
        find()


def down() -> None:
    """Nothing stays up between tests."""


def _unpack_kernel(folder: Path, say: Callable[[str], None]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    say("downloading Debian's kernel for the guest of the slow link")
    depends = _output(["apt-cache", "depends", _KERNEL], folder)
    package = next(line.split()[-1] for line in depends.splitlines() if "Depends: linux-image" in line)
    _output(["apt-get", "-o", "APT::Sandbox::User=root", "download", package], folder)
    archive = next(folder.glob("linux-image-*.deb"))
    _output(["dpkg-deb", "-x", str(archive), "x"], folder)
    version = next(each.name for each in (folder / "x" / "lib" / "modules").iterdir())
    _output(["depmod", "-b", str(folder / "x"), version], folder)


def _output(argv: list[str], folder: Path) -> str:
    run = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        raise Missing(f"{' '.join(argv[:3])} failed: {run.stderr[-300:]}")
    return run.stdout
