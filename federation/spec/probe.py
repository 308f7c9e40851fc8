"""Probes: how it is found out whether traffic flows over a peering."""

from __future__ import annotations

from pydantic import Field, field_validator

from federation.spec.application import Image
from federation.spec.model import Duration, SpecModel, duration_s

BUSYBOX = "docker.io/library/busybox:1.37.0"
_LEAST_S, _MOST_S = 5.0, 3600.0


class Probe(SpecModel):
    """A pod of the consumer that calls a pod on the provider, again and again."""

    enabled: bool = Field(default=True, description="Whether traffic is tried at all")
    image: Image = Field(default=BUSYBOX, description="Image of both pods: BusyBox, or what has its programs")
    every: Duration = Field(default="30s", description="How often a call is made; 5 s to 1 h")

    @field_validator("every")
    @classmethod
    def _in_range(cls, every: str) -> str:
        if not _LEAST_S <= duration_s(every) <= _MOST_S:
            raise ValueError("a probe calls every 5s at most often, every 1h at least")
        return every

    @property
    def every_s(self) -> int:
        """Whole seconds between two calls."""
        return round(duration_s(self.every))
