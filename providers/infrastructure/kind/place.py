"""Where a cluster of kind is, and how its containers are known for ours."""

from __future__ import annotations

from dataclasses import dataclass

from federation.errors import SpecInvalid
from federation.spec.cluster import Cluster
from federation.spec.infrastructure import KindInfrastructure
from federation.spec.machines import CONTROL_PLANE_POOL
from federation.spec.marks import cluster_id
from providers.contracts import ClusterTarget

LEDGER_KIND = "Cluster.kind.x-k8s.io"
"""What a cluster is called in the ledger."""
MARK_SOURCE = "/lib/modules"
"""What is mounted as the mark: kind mounts it into every node itself, so it is there wherever kind works."""
_ROOT = "/flotilla"


@dataclass(frozen=True)
class Place:
    """A cluster in its federation, as kind has it."""

    federation: str
    cluster: Cluster
    asked: KindInfrastructure

    @property
    def name(self) -> str:
        """Name of the cluster in kind."""
        return cluster_id(self.federation, self.cluster.name)

    @property
    def image(self) -> str:
        """Image of its nodes."""
        return self.asked.image or f"kindest/node:{self.cluster.built_with.version}"

    @property
    def entry(self) -> tuple[str, str, str]:
        """Its line in the ledger, but for the engine that it is on."""
        return self.federation, LEDGER_KIND, self.name

    @property
    def pools(self) -> dict[str, int]:
        """How many nodes each pool should have, the control plane among them."""
        return {CONTROL_PLANE_POOL: self.cluster.control_plane.count} | {
            pool.name: pool.count for pool in sorted(self.cluster.workers, key=lambda pool: pool.name)
        }

    def mark(self, pool: str) -> str:
        """Where in a node of a pool the mark is mounted.

        kind has no field for labels of containers, and a mount is there from the moment that a container is: also when
        kind was killed right after.
        """
        return f"{_ROOT}/{self.federation}/{self.cluster.name}/{pool}"

    def pool_of(self, mounts: tuple[str, ...]) -> str | None:
        """The pool that a container is marked for; None when it does not carry our mark."""
        prefix = self.mark("")
        return next((each.removeprefix(prefix) for each in mounts if each.startswith(prefix)), None)


def place_of(target: ClusterTarget) -> Place:
    """The place of a cluster.

    Raises:
        SpecInvalid: It is made by something else.
    """
    asked = target.spec.infrastructure
    if isinstance(asked, KindInfrastructure):
        return Place(target.federation, target.spec, asked)
    raise SpecInvalid(f"cluster {target.name}: infrastructure.type is {asked.type}, not kind")
