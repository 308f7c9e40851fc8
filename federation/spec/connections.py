"""What an application needs of the network between its components: bounds that a placement has to keep."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from federation.spec.model import LongName, Name, SpecModel

_LATENCIES = {"ms": 0.001, "s": 1.0}
_RATES = {"kbit": 1e3, "Mbit": 1e6, "Gbit": 1e9}

Latency = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})?(ms|s)$"), Field(examples=["20ms", "1.5s"])
]
Bandwidth = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?(kbit|Mbit|Gbit)$"), Field(examples=["500kbit", "4Mbit"])
]


class Connection(SpecModel):
    """Components that talk to each other, and how well they must be able to."""

    name: LongName = Field(description="Name of the connection")
    between: tuple[Name, ...] = Field(description="The components that talk to each other", min_length=2)
    latency_max: Latency | None = Field(default=None, description="Longest round trip, such as 20ms")
    bandwidth_min: Bandwidth | None = Field(default=None, description="Least bits in a second, such as 4Mbit")

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, data: Any) -> Any:
        if isinstance(data, dict) and not {"latencyMax", "latency_max", "bandwidthMin", "bandwidth_min"} & data.keys():
            raise ValueError("a connection without a bound says nothing; give latencyMax or bandwidthMin")
        return data

    @property
    def round_trip_s(self) -> float | None:
        """Longest round trip in seconds; None when any will do."""
        return None if self.latency_max is None else _number(self.latency_max, _LATENCIES)

    @property
    def bits_per_s(self) -> float | None:
        """Least bits in a second; None when any will do."""
        return None if self.bandwidth_min is None else _number(self.bandwidth_min, _RATES)


def _number(text: str, units: dict[str, float]) -> float:
    unit = next(each for each in sorted(units, key=len, reverse=True) if text.endswith(each))
    return float(text.removesuffix(unit)) * units[unit]
