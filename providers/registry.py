"""THE registration lines: which class stands for which word of the spec. A newcomer adds one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clients.helm.client import HelmClient
from clients.ssh.pool import SessionPool
from federation.spec.catalogue import Catalogue, DistributionDefinition, NetworkDefinition
from providers.addons.installer import HelmAddOns
from providers.applications.provider import OffloadedApplications
from providers.bootstrap.k3s import K3s
from providers.bootstrap.kubeadm import Kubeadm
from providers.bootstrap.microk8s import MicroK8s
from providers.bootstrap.network import NetworkInstaller
from providers.contracts import (
    AddOnInstaller,
    Applications,
    Distribution,
    Infrastructure,
    Interconnect,
    Vault,
)
from providers.infrastructure.cluster_api.provider import ClusterApi
from providers.infrastructure.existing.provider import ExistingClusters
from providers.infrastructure.hosts.provider import HostsProvider
from providers.infrastructure.kind.provider import KindClusters
from providers.infrastructure.openstack.provider import OpenStackProvider
from providers.interconnect.liqo.provider import LiqoInterconnect
from providers.ledger import Ledger
from providers.makers import Maker


@dataclass(frozen=True)
class Supplies:
    """What providers are made from.

    Attributes:
        catalogue: Definitions of add-ons.
        distributions: Definitions of distributions.
        networks: Definitions of network plugins.
        repositories: URLs of chart repositories, by the catalogue's names.
    """

    vault: Vault
    ledger: Ledger
    catalogue: Catalogue
    distributions: Mapping[str, DistributionDefinition]
    networks: Mapping[str, NetworkDefinition]
    repositories: Mapping[str, str]
    pool: SessionPool = field(default_factory=SessionPool)


DISTRIBUTIONS: Mapping[str, Callable[[DistributionDefinition], Distribution]] = {
    "kubeadm": Kubeadm,
    "k3s": K3s,
    "microk8s": MicroK8s,
}
MAKERS: Mapping[str, Callable[[Supplies], Maker]] = {
    "cluster-api": lambda supplies: ClusterApi(supplies.vault, supplies.ledger),
    "kind": lambda supplies: KindClusters(supplies.vault, supplies.ledger),
}
INFRASTRUCTURES: Mapping[str, Callable[[Supplies], Infrastructure]] = {
    "openstack": lambda supplies: OpenStackProvider(supplies.vault, supplies.ledger),
    "hosts": lambda supplies: HostsProvider(
        supplies.vault, supplies.ledger, supplies.pool, {kind: distribution(supplies, kind) for kind in DISTRIBUTIONS}
    ),
    "existing": lambda supplies: ExistingClusters(supplies.vault),
    **MAKERS,
}
INTERCONNECTS: Mapping[str, Callable[[], Interconnect]] = {
    "liqo": LiqoInterconnect,
}


def distribution(supplies: Supplies, kind: str) -> Distribution:
    """What makes machines into nodes."""
    return DISTRIBUTIONS[kind](supplies.distributions[kind])


def infrastructure(supplies: Supplies, kind: str) -> Infrastructure:
    """Where machines come from."""
    return INFRASTRUCTURES[kind](supplies)


def maker(supplies: Supplies, kind: str) -> Maker:
    """What makes clusters as a whole."""
    return MAKERS[kind](supplies)


def interconnect(kind: str) -> Interconnect:
    """What joins clusters."""
    return INTERCONNECTS[kind]()


def addon_installer(supplies: Supplies) -> AddOnInstaller:
    """What installs add-ons."""
    return HelmAddOns(HelmClient(supplies.repositories), supplies.vault)


def network_installer(supplies: Supplies) -> NetworkInstaller:
    """How network plugins come into a cluster."""
    return NetworkInstaller(HelmClient(supplies.repositories), supplies.vault)


def applications(supplies: Supplies) -> Applications:
    """What lays applications over clusters."""
    return OffloadedApplications(supplies.vault)
