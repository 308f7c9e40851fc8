"""Container images made here for the real clusters: a busybox with a few files more, without registry and builder."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tests.proving.building import Missing
from tests.proving.clusters import SCRIPTS, rig

_MAKE_S = 60.0


def provide(cluster: str, name: str, files: Mapping[str, str], command: list[str]) -> str:
    """An image that the nodes of a cluster can run; its tag follows from its content, and one that is there stays.

    Args:
        cluster: Name of the cluster.
        name: Of the image, such as ``httpbin``.
        files: Text of executable files by their path in the image.
        command: What a container runs when nobody says otherwise.

    Raises:
        Missing: The scripts are not there, or one failed.
    """
    text = json.dumps([sorted(files.items()), command])
    reference = f"rig.local/{name}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    archive = rig() / "ct" / f"{reference.rpartition('/')[2].replace(':', '-')}.tar"
    if not archive.is_file():
        layer = archive.with_suffix(".layer")
        _layer(layer, files)
        _run([sys.executable, str(SCRIPTS / "mkimage.py"), str(layer), str(archive), reference], command)
        layer.unlink()
    for socket in sorted((rig() / "k8s" / cluster).glob("n*/cd.sock")):
        _run(["ctr", "-a", str(socket), "-n", "k8s.io", "image", "import", str(archive)], command)
    return reference


def _layer(layer: Path, files: Mapping[str, str]) -> None:
    base = rig() / "ct" / "rootfs.tar"
    if not base.is_file():
        raise Missing(f"{base} is not there; bring the clusters up first")
    shutil.copyfile(base, layer)
    with tarfile.open(layer, "a") as archive:
        for path, text in sorted(files.items()):
            entry = tarfile.TarInfo(f"./{path.lstrip('/')}")
            entry.size, entry.mode = len(text.encode()), 0o755
            archive.addfile(entry, io.BytesIO(text.encode()))


def _run(argv: list[str], command: list[str]) -> None:
    environment = {**os.environ, "CMD": json.dumps(command)}
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=_MAKE_S)
    if run.returncode:
        raise Missing(f"{Path(argv[0]).name} failed: {run.stderr.strip()[-300:]}")
