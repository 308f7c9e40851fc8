"""Names that a cluster's own DNS answers with fixed addresses."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated

from pydantic import Field, StringConstraints

from federation.spec.model import SpecModel

DomainName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+$", max_length=253
    ),
    Field(examples=["registry.site.example"]),
]
Rule = tuple[str, str]
"""A name and one of its addresses."""


class HostRule(SpecModel):
    """A name and its address; a name with several addresses stands in several rules."""

    name: DomainName = Field(description="Full name, in small letters, with at least one dot")
    address: IPv4Address = Field(description="Address that it stands for", examples=["192.0.2.10"])


class Dns(SpecModel):
    """The DNS of the cluster."""

    hosts: tuple[HostRule, ...] = Field(
        default=(),
        description="Names that pods find at fixed addresses, where no DNS server knows them",
        max_length=500,
    )

    @property
    def rules(self) -> frozenset[Rule]:
        """Every rule as a name and an address."""
        return frozenset((each.name, str(each.address)) for each in self.hosts)
