"""The real kubeadm, kubelet and kubectl that are built for the clusters whose pods run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.proving.building import Missing, cache_folder

VERSION = "v1.20.2"
PROGRAMS = ("kubeadm", "kubelet", "kubectl")
_BUILT = "rig/src/k120/_output/bin"


@dataclass(frozen=True)
class Kubeadm:
    """The folder of the programs."""

    folder: Path
    version: str = VERSION


def find() -> Kubeadm:
    """The programs that are built.

    Raises:
        Missing: They are not; bringing up the clusters builds them.
    """
    folder = cache_folder().parent / _BUILT
    for name in PROGRAMS:
        if not (folder / name).is_file():
            raise Missing(f"no {name} {VERSION} in the cache; bringing up the clusters whose pods run builds it")
    return Kubeadm(folder)
