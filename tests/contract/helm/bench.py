"""The installer of add-ons in front of a cluster of the sandbox, and what tests ask of it."""

from __future__ import annotations

from typing import Any

from clients.helm.client import HelmClient
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.state.observed import ObservedAddOn
from providers.contracts import Side
from tests.addons.benches import Workbench
from tests.addons.life import CATALOGUE
from tests.contract.helm.ground import Ground

POOL = {"name": "edge", "addresses": ["192.0.2.40-192.0.2.44"], "sharedBy": ["traefik", "liqo"]}


class Bench(Workbench):
    """The installer with one cluster, by the names of add-ons."""

    def __init__(self, ground: Ground, helm: HelmClient, side: Side) -> None:
        super().__init__(helm, side, ground.kubeconfig)
        self.ground = ground

    def ensure(self, cluster: Cluster, name: str) -> None:
        """Steps until done."""
        addon = cluster.addon(name)
        assert addon is not None
        self.until_done(lambda: self.installer.ensure(self.side, cluster, addon, CATALOGUE[name]))

    def remove(self, name: str) -> None:
        """Steps until done."""
        self.until_done(lambda: self.installer.remove(self.side, CATALOGUE[name]))

    def observe(self, name: str) -> ObservedAddOn | None:
        """What is seen of one add-on."""
        seen = self.installer.observe(self.side, CATALOGUE)
        return next((each for each in seen if each.name == name), None)


def cluster_with(*addons: str | dict[str, Any], **more: Any) -> Cluster:
    """Cluster ``a`` with some add-ons."""
    fields: dict[str, Any] = {
        "name": "a",
        "infrastructure": {"type": "openstack", "cloud": "lab", "image": "x", "externalNetwork": "public"},
        "distribution": {"type": "k3s", "version": "v1.36.4+k3s1"},
        "addons": list(addons),
    }
    document = {"apiVersion": "flotilla.dev/v1alpha1", "kind": "Federation", "metadata": {"name": "tacfed"}}
    return Federation.model_validate({**document, "spec": {"clusters": [{**fields, **more}]}}).spec.clusters[0]


def metallb(**values: Any) -> dict[str, Any]:
    """MetalLB with values."""
    return {"name": "metallb", "values": values}
