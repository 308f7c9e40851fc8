"""Peerings: who may use whose resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from federation.spec.model import Duration, Name, SpecModel, duration_s
from federation.spec.probe import Probe

Profile = Literal["lan", "best", "average", "worst"]
TUNNEL_MTU = 1340
"""Bytes of a packet inside of a tunnel. Source: docs.liqo.io, "Network", which has it as the default."""


@dataclass(frozen=True, order=True)
class PeeringKey:
    """One direction of a peering: the consumer gets a virtual node, the provider runs its pods."""

    consumer: str
    provider: str

    @property
    def pair(self) -> tuple[str, str]:
        """Both clusters in alphabetical order: one tunnel serves both directions."""
        first, second = sorted((self.consumer, self.provider))
        return first, second

    def __str__(self) -> str:
        return f"{self.consumer}->{self.provider}"


class Peering(SpecModel):
    """A peering, both ways with ``between`` or one way with ``consumer`` and ``provider``."""

    between: tuple[Name, Name] | None = Field(default=None, description="Two clusters, peered both ways")
    consumer: Name | None = Field(default=None, description="The cluster that uses resources")
    provider: Name | None = Field(default=None, description="The cluster that lends resources")
    type: Literal["liqo"] = Field(default="liqo", description="The interconnect")
    control_plane: Literal["out-of-band", "in-band"] = Field(
        default="out-of-band",
        description="in-band: the provider's Kubernetes API is reached through the tunnel",
    )
    profile: Profile = Field(default="lan", description="Quality of the link; waits and Liqo's own timers follow it")
    unjoin_after: Duration | None = Field(
        default=None, description="How long a peer may be away before it is left by force; never when left out"
    )
    probe: Probe = Field(default_factory=Probe, description="How it is found out whether traffic flows")

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, data: Any) -> Any:
        if isinstance(data, dict):
            given = {name for name, value in data.items() if value is not None}
            directed = {"consumer", "provider"} & given
            if "between" in given and directed:
                raise ValueError("both forms are given; give either 'between: [a, b]' or 'consumer' and 'provider'")
            if "between" not in given and len(directed) != 2:
                raise ValueError("two clusters are missing; give 'between: [a, b]', or 'consumer' and 'provider'")
        return data

    @property
    def patience_s(self) -> float | None:
        """How long a peer may be silent before it is left by force; None for ever."""
        return None if self.unjoin_after is None else duration_s(self.unjoin_after)

    @property
    def directions(self) -> tuple[PeeringKey, ...]:
        """The one or two directed peerings that this entry asks for."""
        if self.between is not None:
            first, second = self.between
            return PeeringKey(first, second), PeeringKey(second, first)
        return (PeeringKey(self.consumer or "", self.provider or ""),)
