"""Helm's Go library from the wheel helm-python-sdk, one process for each call."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clients.children import run
from clients.helm.errors import from_complaint
from clients.helm.process import worker
from clients.helm.program import KEPT_REVISIONS, PULL_TIMEOUT_S, READ_TIMEOUT_S, SPARE_S, Content
from clients.helm.release import Release, ReleaseName, parse_releases


@dataclass(frozen=True)
class Order:
    """One thing for ``clients/helm/worker.py`` to do; the operations have the names of the wheel's functions."""

    operation: str
    arguments: dict[str, Any] = field(repr=False)
    kubeconfig: str | None = field(default=None, repr=False)
    namespace: str = "default"


class HelmLibrary:
    """Helm's Go library from the wheel helm-python-sdk, one process for each call."""

    def pull(self, chart: str, version: str, repository: str, folder: Path) -> None:
        """Put the archive of a chart into a folder."""
        arguments = {"chart": chart, "version": version, "repo_url": repository, "destination": str(folder)}
        self._do(Order("pull", arguments), f"pull {chart} {version} from {repository}", PULL_TIMEOUT_S)

    def install(self, kubeconfig: str, release: ReleaseName, content: Content, timeout_s: float) -> None:
        """A first revision."""
        self._write(
            "install", kubeconfig, release, {"chart": str(content.chart), "values": dict(content.values)}, timeout_s
        )

    def upgrade(self, kubeconfig: str, release: ReleaseName, content: Content, timeout_s: float) -> None:
        """One more revision, with these values and no older ones."""
        arguments = {
            "chart": str(content.chart),
            "values": dict(content.values),
            "reset_values": True,
            "max_history": KEPT_REVISIONS,
        }
        self._write("upgrade", kubeconfig, release, arguments, timeout_s)

    def rollback(self, kubeconfig: str, release: ReleaseName, revision: int, timeout_s: float) -> None:
        """One more revision, with the content of an older one."""
        self._write("rollback", kubeconfig, release, {"version": revision}, timeout_s)

    def uninstall(self, kubeconfig: str, release: ReleaseName, timeout_s: float) -> None:
        """Remove the release with its history."""
        self._write("uninstall", kubeconfig, release, {}, timeout_s)

    def history(self, kubeconfig: str, release: ReleaseName) -> tuple[Release, ...]:
        """Revisions, oldest first; raises ReleaseNotFound when there are none."""
        order = Order("history", {"name": release.name}, kubeconfig, release.namespace)
        return parse_releases(self._do(order, f"history of release {release}"))

    def releases(self, kubeconfig: str, namespace: str | None) -> tuple[Release, ...]:
        """The latest revision of every release in a namespace or in all."""
        arguments = {"all_states": True, "all_namespaces": namespace is None}
        order = Order("list", arguments, kubeconfig, namespace or "default")
        return parse_releases(self._do(order, "list of releases"))

    def _write(
        self, operation: str, kubeconfig: str, release: ReleaseName, arguments: dict[str, Any], timeout_s: float
    ) -> None:
        arguments |= {"name": release.name, "timeout": max(int(timeout_s), 1)}
        order = Order(operation, arguments, kubeconfig, release.namespace)
        self._do(order, f"{operation} of release {release}", timeout_s)

    def _do(self, order: Order, doing: str, timeout_s: float = READ_TIMEOUT_S) -> Any:
        ended = run(worker(), json.dumps(vars(order)), timeout_s + SPARE_S)
        if not ended.output:
            raise from_complaint(doing, f"Helm ended with {ended.code}: {ended.complaint}")
        answer = json.loads(ended.output)
        if "error" in answer:
            raise from_complaint(doing, answer["error"])
        return answer["result"]
