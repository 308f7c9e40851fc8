"""The clouds that are in use: one connection per project in this process."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from clients.openstack.balancing import BalancingClient
from clients.openstack.compute import ComputeClient
from clients.openstack.connection import CloudConnection
from clients.openstack.network import NetworkClient
from clients.openstack.project import ProjectClient
from federation.errors import SpecInvalid
from federation.spec.cluster import Cluster
from federation.spec.infrastructure import OpenStackInfrastructure
from providers.contracts import OpenStackCredentials, Vault


@dataclass(frozen=True)
class Cloud:
    """A project of a cloud, by its services. ``place`` is its name in the ledger and in reports."""

    place: str
    connection: CloudConnection
    network: NetworkClient
    compute: ComputeClient
    project: ProjectClient
    balancing: BalancingClient


class Clouds:
    """Connections by credentials, kept until ``close``; changed credentials make a new one."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._lock = threading.Lock()
        self._open: dict[str, tuple[OpenStackCredentials, Cloud]] = {}

    def of(self, name: str) -> Cloud:
        """The cloud of that name in the vault."""
        credentials = self._vault.openstack(name)
        with self._lock:
            known = self._open.get(name)
            if known is not None and known[0] == credentials:
                return known[1]
            connection = CloudConnection(credentials, f"cloud {name}")
            cloud = _cloud(name, connection)
            self._open[name] = (credentials, cloud)
        if known is not None:
            known[1].connection.close()
        return cloud

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            clouds = [cloud for _, cloud in self._open.values()]
            self._open.clear()
        for cloud in clouds:
            cloud.connection.close()


def _cloud(name: str, connection: CloudConnection) -> Cloud:
    clients = NetworkClient(connection), ComputeClient(connection), ProjectClient(connection)
    return Cloud(f"openstack:{name}", connection, *clients, BalancingClient(connection))


def infrastructure_of(cluster: Cluster) -> OpenStackInfrastructure:
    """The part of a cluster's spec that speaks of OpenStack.

    Raises:
        SpecInvalid: The cluster's machines come from elsewhere.
    """
    if isinstance(cluster.infrastructure, OpenStackInfrastructure):
        return cluster.infrastructure
    raise SpecInvalid(f"cluster {cluster.name}: infrastructure.type is {cluster.infrastructure.type}, not openstack")
