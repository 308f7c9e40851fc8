"""Helm chart archives, byte for byte the same for the same content.

Source: helm.sh, "Charts": ``<name>/Chart.yaml``, ``values.yaml``, ``templates/`` and ``crds/`` in a gzipped tar.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    """One version of a chart.

    Attributes:
        metadata: What ``Chart.yaml`` says.
        archive: The ``.tgz``.
    """

    metadata: Mapping[str, str]
    archive: bytes

    @property
    def name(self) -> str:
        """Name of the chart."""
        return self.metadata["name"]

    @property
    def version(self) -> str:
        """Version of the chart."""
        return self.metadata["version"]

    @property
    def file(self) -> str:
        """File name of the archive."""
        return f"{self.name}-{self.version}.tgz"

    @property
    def digest(self) -> str:
        """SHA-256 of the archive, in hex."""
        return hashlib.sha256(self.archive).hexdigest()


def pack(name: str, files: Mapping[str, str]) -> bytes:
    """The archive of a chart whose files are given by their paths below its folder."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, text in sorted(files.items(), key=lambda item: (item[0] != "Chart.yaml", item[0])):
            content = text.encode()
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size, info.mode = len(content), 0o644
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)
