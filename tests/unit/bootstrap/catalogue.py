"""The product's own catalogue entries, as tests need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from federation.spec.catalogue import DistributionDefinition, NetworkDefinition
from federation.spec.cluster import Cluster
from federation.spec.machines import machine_targets
from providers.contracts import ClusterTarget
from tests.builders import a_cluster

CATALOGUE = Path(__file__).parents[3] / "config" / "catalogue"


def a_distribution(name: str) -> DistributionDefinition:
    """A distribution of the catalogue."""
    return DistributionDefinition.model_validate(_read("distributions", name))


def a_network(name: str = "flannel") -> NetworkDefinition:
    """A network plugin of the catalogue."""
    return NetworkDefinition.model_validate(_read("cni", name))


def _read(kind: str, name: str) -> Any:
    return yaml.safe_load((CATALOGUE / kind / f"{name}.yaml").read_text())


def a_target(
    distribution: str = "kubeadm",
    version: str = "v1.36.4",
    *,
    workers: int = 1,
    control_plane: int = 1,
    **fields: Any,
) -> ClusterTarget:
    """A cluster of federation ``fed`` with its machines; ``fields`` replace those of the spec."""
    kind = {"type": distribution, "version": version}
    base = a_cluster("a", workers=workers, control_plane=control_plane)
    cluster = Cluster.model_validate({**base, "distribution": kind, **fields})
    return ClusterTarget("fed", cluster, machine_targets("fed", cluster, ("h1", "h2", "h3", "h4")))
