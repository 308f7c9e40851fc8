"""The link experiment: the same clusters alone, peered, and with an application over the peering; and what it tells."""

from __future__ import annotations

from dataclasses import dataclass

from federation.errors import SpecInvalid
from federation.spec.application import Application
from federation.spec.federation import Federation
from federation.spec.peering import Peering, PeeringKey, Profile

APPLICATION = "link-probe"


@dataclass(frozen=True)
class Pair:
    """Two clusters of a federation, and a link profile between them."""

    base: Federation
    key: PeeringKey
    profile: Profile

    def alone(self) -> Federation:
        """The clusters without peerings and applications."""
        return self._with((), ())

    def peered(self) -> Federation:
        """Peered both ways over a link of the profile."""
        return self._with((self._peering(),), ())

    def offloaded(self, image: str) -> Federation:
        """With a component at either end of an application."""
        components = [
            {"name": name, "image": image, "placement": {"cluster": cluster}}
            for name, cluster in (("near", self.key.consumer), ("far", self.key.provider))
        ]
        application = Application.model_validate({"name": APPLICATION, "components": components})
        return self._with((self._peering(),), (application,))

    def _peering(self) -> Peering:
        return Peering(between=(self.key.consumer, self.key.provider), profile=self.profile)

    def _with(self, peerings: tuple[Peering, ...], applications: tuple[Application, ...]) -> Federation:
        spec = self.base.spec.model_copy(update={"peerings": peerings, "applications": applications})
        return self.base.model_copy(update={"spec": spec})


@dataclass(frozen=True)
class Trial:
    """One operation over one link: whether it got there, in how many runs and seconds, and else what was wrong."""

    profile: Profile
    operation: str
    seconds: float
    runs: int
    trouble: str = ""

    def row(self) -> dict[str, str]:
        """For the table."""
        return {
            "link": self.profile,
            "operation": self.operation,
            "result": f"failed: {self.trouble}" if self.trouble else "done",
            "seconds": f"{self.seconds:.1f}",
            "runs": str(self.runs),
        }


def first_pair(federation: Federation) -> PeeringKey:
    """The first two clusters that can be peered.

    Raises:
        SpecInvalid: There are not two.
    """
    able = [cluster.name for cluster in federation.spec.clusters if cluster.addon("liqo")]
    if len(able) < 2:
        raise SpecInvalid(f"federation '{federation.name}' has no two clusters with the add-on 'liqo'")
    return PeeringKey(able[0], able[1])
