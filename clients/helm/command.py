"""The program ``helm``, version 3 or 4, one process for each call."""

from __future__ import annotations

import json
from pathlib import Path

from clients.children import Ended, run
from clients.helm.errors import from_complaint
from clients.helm.handover import handed_over
from clients.helm.process import command
from clients.helm.program import KEPT_REVISIONS, PULL_TIMEOUT_S, READ_TIMEOUT_S, SPARE_S, Content
from clients.helm.release import Release, ReleaseName, parse_releases

_EVERY_STATE = ("--deployed", "--failed", "--pending", "--uninstalling")
"""The states one by one: ``--all`` went with version 4."""


class HelmCommand:
    """The program ``helm``, version 3 or 4."""

    def __init__(self, executable: str) -> None:
        self._executable = executable

    def pull(self, chart: str, version: str, repository: str, folder: Path) -> None:
        """Put the archive of a chart into a folder."""
        argv = ["pull", chart, "--version", version, "--repo", repository, "--destination", str(folder)]
        self._do(argv, PULL_TIMEOUT_S)

    def install(self, kubeconfig: str, release: ReleaseName, content: Content, timeout_s: float) -> None:
        """A first revision."""
        self._lay(["install"], kubeconfig, release, content, timeout_s)

    def upgrade(self, kubeconfig: str, release: ReleaseName, content: Content, timeout_s: float) -> None:
        """One more revision, with these values and no older ones."""
        argv = ["upgrade", "--reset-values", "--history-max", str(KEPT_REVISIONS)]
        self._lay(argv, kubeconfig, release, content, timeout_s)

    def rollback(self, kubeconfig: str, release: ReleaseName, revision: int, timeout_s: float) -> None:
        """One more revision, with the content of an older one."""
        argv = ["rollback", release.name, str(revision), *_timeout(timeout_s)]
        self._in_cluster(argv, kubeconfig, release.namespace, timeout_s)

    def uninstall(self, kubeconfig: str, release: ReleaseName, timeout_s: float) -> None:
        """Remove the release with its history."""
        argv = ["uninstall", release.name, *_timeout(timeout_s)]
        self._in_cluster(argv, kubeconfig, release.namespace, timeout_s)

    def history(self, kubeconfig: str, release: ReleaseName) -> tuple[Release, ...]:
        """Revisions, oldest first; raises ReleaseNotFound when there are none."""
        argv = ["history", release.name, "--output", "json"]
        rows = json.loads(self._in_cluster(argv, kubeconfig, release.namespace).output)
        return parse_releases([{"name": release.name, "namespace": release.namespace, **row} for row in rows])

    def releases(self, kubeconfig: str, namespace: str | None) -> tuple[Release, ...]:
        """The latest revision of every release in a namespace or in all."""
        argv = ["list", *_EVERY_STATE, "--max", "0", "--output", "json", *([] if namespace else ["--all-namespaces"])]
        return parse_releases(json.loads(self._in_cluster(argv, kubeconfig, namespace or "default").output))

    def _lay(self, argv: list[str], kubeconfig: str, release: ReleaseName, content: Content, timeout_s: float) -> None:
        argv = [argv[0], release.name, str(content.chart), "--values", "-", *_timeout(timeout_s), *argv[1:]]
        self._in_cluster(argv, kubeconfig, release.namespace, timeout_s, json.dumps(dict(content.values)))

    def _in_cluster(
        self, argv: list[str], kubeconfig: str, namespace: str, timeout_s: float = READ_TIMEOUT_S, order: str = ""
    ) -> Ended:
        with handed_over(kubeconfig) as (path, inherited):
            access = ["--kubeconfig", path, "--namespace", namespace]
            return self._do([*argv, *access], timeout_s, order, inherited)

    def _do(self, argv: list[str], timeout_s: float, order: str = "", inherited: tuple[int, ...] = ()) -> Ended:
        ended = run(command(self._executable, *argv), order, timeout_s + SPARE_S, inherited)
        if ended.code != 0:
            raise from_complaint(f"helm {' '.join(argv[:2])}", ended.complaint)
        return ended


def _timeout(timeout_s: float) -> tuple[str, str]:
    return "--timeout", f"{max(int(timeout_s), 1)}s"
