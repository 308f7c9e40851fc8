"""A cluster's part of a cloud."""

from __future__ import annotations

from dataclasses import dataclass

from clients.openstack.balancing import BalancingClient
from clients.openstack.compute import ComputeClient
from clients.openstack.network import NetworkClient
from providers.infrastructure.openstack.clouds import Cloud
from providers.infrastructure.openstack.ownership import Owner


@dataclass(frozen=True)
class Tenant:
    """A cloud, and whose objects in it are meant."""

    cloud: Cloud
    owner: Owner

    @property
    def network(self) -> NetworkClient:
        """The cloud's network service."""
        return self.cloud.network

    @property
    def compute(self) -> ComputeClient:
        """The cloud's compute service."""
        return self.cloud.compute

    @property
    def balancing(self) -> BalancingClient:
        """The cloud's load-balancer service, which it may lack."""
        return self.cloud.balancing
