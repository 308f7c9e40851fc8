"""What a LowLevelOrchestration leaves open and its importer says."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Literal

from pydantic import Field

from federation.spec.application import DnsName
from federation.spec.model import BlockName, Cidr, LongName, Name, SpecModel, Title
from federation.spec.peering import Profile


class LowLevelOptions(SpecModel):
    """Answers to what the resource does not say, with defaults that fit the sandbox."""

    name: Name | None = Field(default=None, description="Name of the federation; the resource's when left out")
    cloud: BlockName = Field(default="lab", description="Name of the OpenStackCloud block")
    external_network: Title = Field(default="public", description="Network that floating addresses come from")
    pod_range: Cidr = Field(default=IPv4Network("10.64.0.0/10"), description="Each cluster's pods get a /16 of it")
    service_range: Cidr = Field(
        default=IPv4Network("10.128.0.0/10"), description="Each cluster's services get a /16 of it"
    )
    ingress: Literal["ingress-nginx", "traefik"] = Field(
        default="ingress-nginx", description="Add-on that serves public ports"
    )
    direction: Literal["both", "first-consumes", "second-consumes"] = Field(
        default="both", description="Which cluster of a link uses the other's resources"
    )
    profile: Profile = Field(default="lan", description="Quality of all links")
    hosts: dict[Name, DnsName] = Field(default_factory=dict, description="Host names of public components")
    certificates: dict[Name, LongName] = Field(
        default_factory=dict, description="SecretBundle blocks with the certificates of public components"
    )
