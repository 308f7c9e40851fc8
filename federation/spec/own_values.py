"""Values of add-ons that are ours and not their charts': checked here, rendered by the provider of add-ons."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from federation.spec.kafka import StrimziValues
from federation.spec.model import LongName, Port, SpecModel

_RANGE = re.compile(r"(?P<first>[0-9.]+)-(?P<last>[0-9.]+)", re.ASCII)


def addresses_in(text: str) -> int:
    """How many IPv4 addresses a range or a network has.

    Example:
        >>> addresses_in("192.0.2.40-192.0.2.44"), addresses_in("203.0.113.10/32")
        (5, 1)

    Raises:
        ValueError: The text is neither.
    """
    match = _RANGE.fullmatch(text)
    try:
        if match is None:
            return IPv4Network(text if "/" in text else f"{text}/").num_addresses
        first, last = IPv4Address(match["first"]), IPv4Address(match["last"])
    except ValueError:
        raise ValueError(f"'{text}' is no range of addresses; write 192.0.2.40-192.0.2.44 or 192.0.2.40/32") from None
    if last < first:
        raise ValueError(f"'{text}' ends before it begins; write the lower address first")
    return int(last) - int(first) + 1


def _checked_range(text: str) -> str:
    addresses_in(text)
    return text


AddressRange = Annotated[str, AfterValidator(_checked_range), Field(examples=["192.0.2.40-192.0.2.44"])]


class AddressPool(SpecModel):
    """Addresses that MetalLB may hand out."""

    name: LongName = Field(description="Name of the pool")
    addresses: tuple[AddressRange, ...] = Field(description="Ranges or networks", min_length=1)
    shared_by: tuple[str, ...] = Field(default=(), description="Add-ons whose services share one address of the pool")

    @property
    def size(self) -> int:
        """Number of addresses."""
        return sum(map(addresses_in, self.addresses))


class MetalLBValues(SpecModel):
    """Own values of the add-on metallb."""

    pools: tuple[AddressPool, ...] = Field(default=(), description="Pools of addresses")

    @model_validator(mode="after")
    def _distinct(self) -> MetalLBValues:
        names = [pool.name for pool in self.pools]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two pools are called '{twice[0]}'; rename one")
        return self


class WebPorts(SpecModel):
    """Ports that a reverse proxy listens on."""

    http: Port = Field(default=80, description="Port for plain HTTP")
    https: Port = Field(default=443, description="Port for HTTPS")


class TraefikValues(SpecModel):
    """Own values of the add-on traefik."""

    ports: WebPorts = Field(default_factory=WebPorts, description="Ports of the load-balancer service")


OWN_VALUES: dict[str, type[SpecModel]] = {
    "metallb": MetalLBValues,
    "strimzi": StrimziValues,
    "traefik": TraefikValues,
}
"""Model of the own values by the name of the renderer."""
