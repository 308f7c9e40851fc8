"""What Helm can do, whichever way it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from clients.helm.release import Release, ReleaseName

READ_TIMEOUT_S = 60.0
PULL_TIMEOUT_S = 300.0
SPARE_S = 15.0
"""How much longer we wait than Helm does, so that its own words reach us when it gives up."""
KEPT_REVISIONS = 5


@dataclass(frozen=True)
class Content:
    """What a revision is made of: the archive of a chart, and values."""

    chart: Path
    values: Mapping[str, Any] = field(repr=False)


class HelmProgram(Protocol):
    """What Helm can do, as it does it: no looking before, no repair. Errors are those of ``clients.helm.errors``."""

    def pull(self, chart: str, version: str, repository: str, folder: Path) -> None:
        """Put the archive of a chart into a folder."""

    def install(self, kubeconfig: str, release: ReleaseName, content: Content, timeout_s: float) -> None:
        """A first revision."""

    def upgrade(self, kubeconfig: str, release: ReleaseName, content: Content, timeout_s: float) -> None:
        """One more revision, with these values and no older ones."""

    def rollback(self, kubeconfig: str, release: ReleaseName, revision: int, timeout_s: float) -> None:
        """One more revision, with the content of an older one."""

    def uninstall(self, kubeconfig: str, release: ReleaseName, timeout_s: float) -> None:
        """Remove the release with its history."""

    def history(self, kubeconfig: str, release: ReleaseName) -> tuple[Release, ...]:
        """Revisions, oldest first; raises ReleaseNotFound when there are none."""

    def releases(self, kubeconfig: str, namespace: str | None) -> tuple[Release, ...]:
        """The latest revision of every release in a namespace or in all."""
