"""A management cluster, emulated or real, where the sandbox's loop plays Cluster API on the sandbox's cloud.

On a real control plane the definitions are the published ones: whatever is applied must please them. Only what the
controllers of Cluster API would write is written by the sandbox's loop, over HTTP; garbage and namespaces are the work
of the real controllers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import yaml

from clients.kubernetes.api import KubernetesClient
from federation.errors import RetryableError
from federation.spec.cluster import Cluster
from providers.contracts import ClusterTarget, Done, OpenStackCredentials, Progress
from providers.infrastructure.cluster_api.provider import ClusterApi
from sandbox.kubernetes.controllers import start_all
from sandbox.kubernetes.controllers.clusterapi.controller import ClusterApi as Loop
from sandbox.kubernetes.controllers.clusterapi.definitions import crds
from sandbox.kubernetes.controllers.controller import Manager
from sandbox.serve import Options, Sandbox
from tests.contract.providers.openstack.ground import MemoryLedger
from tests.contract.providers.played_api import PlayedApi
from tests.contract.providers.played_fleet import PlayedCluster
from tests.networks import reserve_network, reserve_prefix
from tests.proving.building import Programs
from tests.proving.control_plane import RealCluster
from tests.unit.kubernetes.served import Background, Served

FEDERATION = "fed"
PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "crds"
FOLDERS = (
    "cluster-api-v1.14.0",
    "cluster-api-provider-openstack-v0.14.7",
    "cluster-api-k3s-v0.3.1",
    "cluster-api-microk8s-v0.6.11",
)
_STEP_S, _TRIES = 0.02, 2000


def published_definitions() -> list[dict[str, Any]]:
    """Definitions as the four projects publish them; conversions between their versions need webhooks, and go."""
    found = [yaml.safe_load(path.read_text()) for folder in FOLDERS for path in (PUBLISHED / folder).glob("*.yaml")]
    for each in found:
        each["spec"].pop("conversion", None)
    return found


class YardVault:
    """Kubeconfigs in memory, and the way into the sandbox's cloud."""

    def __init__(self, credentials: OpenStackCredentials) -> None:
        self.credentials = credentials
        self.kubeconfigs: dict[str, str] = {}

    def kubeconfig(self, _federation: str, cluster: str) -> str | None:
        """What was kept."""
        return self.kubeconfigs.get(cluster)

    def openstack(self, _cloud: str) -> OpenStackCredentials:
        """Of the one cloud."""
        return self.credentials

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the provider asks the vault for {name}")


class Yard:
    """The sandbox's cloud, and a management cluster that is emulated unless programs of a real one are given."""

    def __init__(self, folder: Path, programs: Programs | None = None) -> None:
        self.background = Background()
        options = Options(folder / "sandbox", network=IPv4Network(reserve_network()), pacing="instant", port=0)
        self.sandbox = Sandbox(options)
        self.background.run(self.sandbox.start())
        self.universe = self.sandbox.universe
        self.vault = YardVault(self._credentials())
        self.ledger = MemoryLedger()
        self.real: RealCluster | None = None
        self._played: PlayedApi | None = None
        self.vault.kubeconfigs["hq"] = self._begin(folder / "real", programs) if programs else self._emulate()
        self.client = KubernetesClient(self.vault.kubeconfigs["hq"])
        self.provider = ClusterApi(self.vault, self.ledger)

    def _credentials(self) -> OpenStackCredentials:
        password = self.universe.cloud.identity.password
        url = f"{self.sandbox.url}/identity/v3"
        return OpenStackCredentials(url, "RegionOne", username="lab", password=password, project_name="lab")

    def _emulate(self) -> str:
        served = Served(self.background, "hq", f"{reserve_prefix()}.9.1")
        for definition in crds():
            self.background.call(partial(served.cluster.api.create, _DEFINITIONS, definition))
        fleet = self.universe.world.fleet
        self._managers = self.background.call(lambda: start_all(served.cluster, fleet))
        self._served = served
        return served.cluster.admin_kubeconfig(served.url)

    def _begin(self, folder: Path, programs: Programs) -> str:
        self.real = RealCluster(programs, folder, f"{reserve_prefix()}.9.1", nodes=0)
        self.real.start()
        kubeconfig = self.real.server.kubeconfig()
        definitions = published_definitions()
        client = KubernetesClient(kubeconfig)
        for each in definitions:
            client.apply(each)
        client.close()
        awaited = [each["metadata"]["name"] for each in definitions]
        self._played = api = PlayedApi(kubeconfig, self.background.loop, awaited)
        member = PlayedCluster("hq", "uid-hq", self.real, api)
        manager = self.background.call(lambda: Manager(member, self.universe.world.fleet, (Loop,)))
        api.watch({*Loop.watches, "deployments.apps"})
        self._managers = [manager]
        self.background.call(manager.start)
        return kubeconfig

    def until_done(self, step: Callable[[], Progress]) -> Done:
        """Repeat a step until it is done."""
        progress: object = None
        for _ in range(_TRIES):
            try:
                progress = step()
            except RetryableError as error:
                progress = error
            if isinstance(progress, Done):
                return progress
            time.sleep(_STEP_S)
        raise AssertionError(f"still {progress}")

    def eventually(self, look: Callable[[], Any], what: str) -> Any:
        """The first truthy value of a look."""
        for _ in range(_TRIES):
            if found := look():
                return found
            time.sleep(_STEP_S)
        raise AssertionError(f"{what} did not come true")

    def in_cloud(self) -> dict[str, int]:
        """What the cloud has, by its own count."""
        found: Mapping[str, list[Any]] = self.background.call(self.universe.cloud.leftovers)
        return {name: len(rows) for name, rows in found.items()}

    def close(self) -> None:
        """End everything."""
        self.client.close()
        for manager in self._managers:
            self.background.call(manager.stop)
        if self._played is not None:
            self._played.close()
        if self.real is not None:
            self.real.close()
        else:
            self._served.stop()
        self.background.run(self.sandbox.stop())
        self.background.close()


_DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


VERSIONS = {
    "kubeadm": ("v1.35.3", "v1.36.4"),
    "k3s": ("v1.35.3+k3s1", "v1.36.4+k3s1"),
    "microk8s": ("v1.35.3", "v1.36.4"),
}


def a_made_cluster(
    kind: str, *, newer: bool = False, pools: Mapping[str, int] | None = None, **more: Any
) -> ClusterTarget:
    """A cluster that ``hq`` makes."""
    counts = {"default": 1} if pools is None else pools
    infrastructure = {"type": "cluster-api", "management": "hq", "cloud": "lab", "image": "ubuntu-24.04"}
    cluster = Cluster.model_validate(
        {
            "name": f"c-{kind}",
            "infrastructure": infrastructure | {"externalNetwork": "public"} | more.pop("infrastructure", {}),
            "distribution": {"type": kind, "version": VERSIONS[kind][newer]},
            "controlPlane": {"count": 1, "flavor": "m1.small"},
            "workers": [{"name": name, "count": count, "flavor": "m1.small"} for name, count in counts.items()],
            **more,
        }
    )
    return ClusterTarget(FEDERATION, cluster)
