"""Where the machines of a cluster, or the cluster itself, come from."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from federation.spec.model import BlockName, Cidr, SpecModel, Title


class OpenStackInfrastructure(SpecModel):
    """Machines, network and floating addresses of an OpenStack project."""

    type: Literal["openstack"] = Field(description="Machines of an OpenStack cloud")
    cloud: BlockName = Field(description="Name of the OpenStackCloud block that holds the credentials")
    image: Title = Field(description="Name or id of the image that servers boot from")
    external_network: Title = Field(description="Name of the network that floating addresses come from")
    node_cidr: Cidr = Field(
        default=IPv4Network("10.0.0.0/24"), alias="nodeCIDR", description="Addresses of the machines"
    )


class HostsInfrastructure(SpecModel):
    """Machines that exist already and are reached over SSH."""

    type: Literal["hosts"] = Field(description="Machines that exist, reached over SSH")
    inventory: BlockName = Field(description="Name of the HostInventory block that lists them")


class ExistingInfrastructure(SpecModel):
    """A cluster that somebody else made and keeps: adopted by its kubeconfig, never built and never taken away."""

    type: Literal["existing"] = Field(description="A cluster that runs already, adopted by its kubeconfig")
    kubeconfig: BlockName = Field(description="Name of the ClusterAccess block that opens it")


class ClusterApiInfrastructure(SpecModel):
    """A cluster that Cluster API makes for us, of machines of an OpenStack project."""

    type: Literal["cluster-api"] = Field(description="A cluster that a management cluster makes by Cluster API")
    management: BlockName = Field(
        description="The cluster of this federation, or else the ClusterAccess block, whose cluster runs Cluster API"
    )
    cloud: BlockName = Field(description="Name of the OpenStackCloud block whose credentials Cluster API is given")
    image: Title = Field(description="Name of the image that machines boot from, with the version's programs in it")
    external_network: Title = Field(description="Name of the network that floating addresses come from")
    node_cidr: Cidr = Field(
        default=IPv4Network("10.6.0.0/24"), alias="nodeCIDR", description="Addresses of the machines"
    )
    dns_nameservers: tuple[IPv4Address, ...] = Field(default=(), description="Name servers that the machines ask")


class KindInfrastructure(SpecModel):
    """A cluster that kind makes: its nodes are containers of the Docker engine where Flotilla runs."""

    type: Literal["kind"] = Field(description="A cluster that kind makes, of containers of this machine's Docker")
    image: Title | None = Field(
        default=None,
        description="Node image; kindest/node with the version of the distribution as its tag when left out",
    )


CloudInfrastructure = OpenStackInfrastructure | ClusterApiInfrastructure
"""Machines of an OpenStack cloud, whoever makes them."""
Infrastructure = Annotated[
    CloudInfrastructure | HostsInfrastructure | KindInfrastructure | ExistingInfrastructure,
    Field(discriminator="type"),
]
