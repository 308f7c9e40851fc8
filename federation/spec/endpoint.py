"""Where the API of a cluster is reached, whichever of its control-plane machines is lost."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field

from federation.spec.model import SpecModel

Address = Annotated[IPv4Address, Field(examples=["10.0.0.250"])]


class KubeVipEndpoint(SpecModel):
    """An address that the control-plane machines hold between them: whichever holds it answers, one at a time."""

    type: Literal["kube-vip"] = Field(description="kube-vip, on every control-plane machine")
    address: Address = Field(description="A free address of the machines' own network")


class OctaviaEndpoint(SpecModel):
    """A load balancer of the cloud that the machines are in, with a floating address."""

    type: Literal["octavia"] = Field(description="Octavia, where the cloud has it")


Endpoint = Annotated[KubeVipEndpoint | OctaviaEndpoint, Field(discriminator="type")]
