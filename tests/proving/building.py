"""Programs of real servers: found where somebody put them, or built once from the pins in ``tools/``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).parents[2] / "tools"
_KUBERNETES = "k8s.io/kubernetes"
_PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
_FOLDERS = {"kwok": TOOLS / "kwok"}
API_SERVER = ("etcd", "kube-apiserver")
CONTROL_PLANE = (*API_SERVER, "kube-controller-manager", "kube-scheduler", "kwok")
_STAMP = "k8s.io/component-base/version"


class Missing(Exception):
    """A real server cannot be had here; the message says why."""


@dataclass(frozen=True)
class Programs:
    """A folder of programs and where it came from."""

    folder: Path
    origin: str

    def path(self, name: str) -> Path:
        """The program of a name.

        Raises:
            Missing: The folder does not have it.
        """
        found = self.folder / name
        if not found.is_file():
            raise Missing(f"no {name} in {self.origin}")
        return found


def pinned(module: str = _KUBERNETES, folder: Path = TOOLS) -> str:
    """The version of a Go module that the tools of a folder are built from."""
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", (folder / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise LookupError(f"{module} is not pinned in {folder / 'go.mod'}")
    return found[1]


def cache_folder() -> Path:
    """Where built programs are kept, by version."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "flotilla" / "proving-ground" / pinned()


def find(names: tuple[str, ...] = API_SERVER) -> Programs:
    """Programs that are there already; nothing is built.

    Raises:
        Missing: One of them is not.
    """
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    programs = Programs(Path(assets), "KUBEBUILDER_ASSETS") if assets else Programs(cache_folder(), "the cache")
    for name in names:
        if not programs.folder.joinpath(name).is_file():
            raise Missing(f"no {name} in {programs.origin}; `make proving-ground` builds it")
    return programs


def build(names: tuple[str, ...] = tuple(_PACKAGES), say: Callable[[str], None] = print) -> Programs:
    """Build what the cache does not have yet; minutes the first time.

    Raises:
        Missing: There is no Go here, or a build failed; the message has the compiler's last lines.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if not (folder / name).is_file():
            say(f"building {name} ({_PACKAGES[name]})")
            _build_one(name, folder)
    return Programs(folder, "the cache")


def _build_one(name: str, folder: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise Missing(f"{name} is not built and there is no Go on this machine to build it")
    unfinished = folder / f"{name}.{os.getpid()}"
    argv = [go, "build", "-buildvcs=false", "-trimpath", "-ldflags", _flags(), "-o", str(unfinished), _PACKAGES[name]]
    environment = {**os.environ, "CGO_ENABLED": "0"}
    pins = _FOLDERS.get(name, TOOLS)
    run = subprocess.run(argv, cwd=pins, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise Missing(f"building {name} failed: {run.stderr[-800:]}")
    unfinished.replace(folder / name)


def build_tool(package: str, pins: Path, target: Path) -> None:
    """Build a program from the pins of a folder, whole or not at all.

    Raises:
        Missing: There is no Go here, or the build failed.
    """
    go = shutil.which("go")
    if go is None:
        raise Missing(f"{target.name} is not built and there is no Go on this machine to build it")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}")
    argv = [go, "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", str(unfinished), package]
    environment = {**os.environ, "CGO_ENABLED": "0"}
    run = subprocess.run(argv, cwd=pins, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise Missing(f"building {target.name} failed: {run.stderr[-800:]}")
    unfinished.replace(target)


def _flags() -> str:
    major, minor, _ = pinned().removeprefix("v").split(".", 2)
    values = {"gitVersion": pinned(), "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(["-s", "-w", *(f"-X {_STAMP}.{name}={value}" for name, value in values.items())])
