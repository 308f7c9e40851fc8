"""The engine of a sandbox, seen as its user sees it, and a provider that works on it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from clients.kind.client import KindClient
from federation.errors import RetryableError
from federation.spec.cluster import Cluster
from federation.state.observed import ObservedMaking
from providers.contracts import ClusterTarget, Done, Progress
from providers.infrastructure.kind.place import place_of
from providers.infrastructure.kind.provider import KindClusters
from tests.contract.providers.openstack.ground import MemoryLedger
from tests.contract.sandbox.process import SandboxProcess

FEDERATION = "fed"


class Dock:
    """A sandbox with nothing in it but a Docker engine."""

    def __init__(self, folder: Path) -> None:
        self.sandbox = SandboxProcess(folder).start()
        self.programs = folder / "bin"

    def docker(self, *argv: str) -> str:
        """What the program prints."""
        done = subprocess.run([self.programs / "docker", *argv], capture_output=True, text=True, check=True, timeout=60)
        return done.stdout

    def names(self) -> list[str]:
        """Names of all containers."""
        return sorted(self.docker("ps", "-a", "--format", "{{.Names}}").split())

    def empty(self) -> None:
        """Heal everything, and remove every container."""
        self.sandbox.heal()
        if names := self.names():
            self.docker("rm", "-f", *names)

    def changes(self) -> list[str]:
        """Calls that change something, since the last reset of the journal."""
        entries = self.sandbox.get("journal", mutating="true", wire="docker")["last"]
        return [entry["path"] for entry in entries]

    def close(self) -> None:
        """End the sandbox."""
        self.sandbox.close()


class KeptConfigs:
    """A vault for kubeconfigs alone."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def kubeconfig(self, _federation: str, cluster: str) -> str | None:
        """What was kept."""
        return self.kept.get(cluster)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the provider asks the vault for {name}")


class Works:
    """A provider with its vault and ledger."""

    def __init__(self) -> None:
        self.vault = KeptConfigs()
        self.ledger = MemoryLedger()
        self.provider = KindClusters(self.vault, self.ledger)

    def make(self, target: ClusterTarget) -> None:
        """From nothing to a cluster whose nodes are ready."""
        self.until_done(lambda: self.provider.ensure_foundation(target))
        found = self.provider.kubeconfig(target)
        assert isinstance(found, str)
        self.vault.kept[target.name] = found
        self.until_done(lambda: self.provider.settle(target))

    def intend(self, target: ClusterTarget, engine: str = "") -> None:
        """As if a create had begun, on this engine unless another one is named."""
        self.ledger.intend(*place_of(target).entry, f"docker:{engine or KindClient().engine()}")

    def making(self, target: ClusterTarget) -> ObservedMaking:
        """How far it has come, as a new look shows."""
        found = self.provider.observe(target).making
        assert found is not None
        return found

    @staticmethod
    def until_done(step: Any) -> None:
        """Call a step again until it is done, as the executor does."""
        progress: Progress | RetryableError | None = None
        for _ in range(200):
            try:
                progress = step()
            except RetryableError as error:
                progress = error
            if isinstance(progress, Done):
                return
        raise AssertionError(f"not done: {progress}")


def a_target(name: str = "a", **more: Any) -> ClusterTarget:
    """A cluster of kind with one worker."""
    fields = {
        "name": name,
        "infrastructure": {"type": "kind"},
        "distribution": {"type": "kubeadm", "version": "v1.35.0"},
        "workers": [{"name": "default", "count": 1, "labels": {"tier": "web"}}],
        "network": {"podCIDR": "10.51.0.0/16", "serviceCIDR": "10.151.0.0/16"},
    }
    return ClusterTarget(FEDERATION, Cluster.model_validate(fields | more))
