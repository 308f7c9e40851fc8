"""Whose an object in a cloud is, and how it is called.

The mark has two parts, because Neutron takes tags only after an object is there: the description is written in the same
request that creates it, the tags right after. An object with our description, our name and no tags is one whose maker
was cut off in between; it is ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from clients.openstack.records import Record
from federation.spec import marks
from federation.spec.federation import digest
from federation.spec.machines import MachineTarget, Role

R = TypeVar("R", bound=Record)
_LONGEST_TAG = 60
_MACHINE = "flotilla.machine="
_ROLE = "flotilla.role="
_POOL = "flotilla.pool="

# Metadata of a server; Nova allows no slash in keys.
FEDERATION_KEY = "flotilla.federation"
CLUSTER_KEY = "flotilla.cluster"
ROLE_KEY = "flotilla.role"
POOL_KEY = "flotilla.pool"
HOST_KEY = "flotilla.host-key"


@dataclass(frozen=True)
class Owner:
    """A cluster of a federation."""

    federation: str
    cluster: str

    @property
    def name(self) -> str:
        """Name of network, subnet, router and security group."""
        return f"flotilla-{self.federation}-{self.cluster}"

    @property
    def endpoint(self) -> str:
        """Name of the port or load balancer that the API is reached at."""
        return f"{self.name}-api"

    @property
    def machines(self) -> str:
        """How the names of its machines begin; those of a cluster ``a-b`` begin like those of a cluster ``a``, too."""
        return f"{self.federation}-{self.cluster}-"

    def group(self, pool: str) -> str:
        """Name of the server group of a pool. Groups carry no mark but their name: the digest keeps it unmistakable."""
        return f"{self._groups}{pool}"

    def owns_group(self, name: str) -> bool:
        """Whether a server group of this name is one of the cluster's."""
        return name.startswith(self._groups)

    def pool_of(self, group: str) -> str:
        """The pool that one of the cluster's server groups is for."""
        return group.removeprefix(self._groups)

    @property
    def _groups(self) -> str:
        return f"{self.name}-{digest(f'{self.federation}/{self.cluster}')}-"

    @property
    def keypair(self) -> str:
        """Name of the key pair, which all clusters of the federation share."""
        return f"flotilla-{self.federation}"

    @property
    def description(self) -> str:
        """Description of everything that the federation has in the network service."""
        return marks.federation_tag(self.federation)

    @property
    def tags(self) -> frozenset[str]:
        """Tags of everything that the cluster has."""
        return frozenset({marks.federation_tag(self.federation), marks.cluster_tag(self.cluster)})

    @property
    def tag_filter(self) -> str:
        """The tags as a filter of a list: all of them."""
        return ",".join(sorted(self.tags))

    def machine_tags(self, machine: MachineTarget) -> frozenset[str]:
        """Tags of everything that belongs to a machine."""
        own = {machine_tag(machine.name), f"{_ROLE}{machine.role}", f"{_POOL}{machine.pool}"}
        return self.tags | own

    def machine_filter(self, machine: str) -> str:
        """The tags of a machine's objects as a filter of a list."""
        return ",".join(sorted({*self.tags, machine_tag(machine)}))

    def owns(self, record: Record) -> bool:
        """Whether an object that was found under a name of ours is this cluster's."""
        if any(tag.startswith("flotilla.") for tag in record.tags):
            return self.tags <= record.tags
        return record.description == self.description

    def own(self, records: Iterable[R]) -> tuple[R, ...]:
        """Those of some objects found under names of ours that are this cluster's, in their order, tagged ones first.

        Times of creation are whole seconds; of two that a race has made, the tagged one is in use already.
        """
        own = (record for record in records if self.owns(record))
        return tuple(sorted(own, key=lambda record: not self.tags <= record.tags))


def machine_tag(machine: str) -> str:
    """Tag of a machine's objects; a long name is cut and made unique again by its digest."""
    longest = _LONGEST_TAG - len(_MACHINE)
    short = machine if len(machine) <= longest else f"{machine[: longest - 13]}-{digest(machine)}"
    return _MACHINE + short


def machine_of(tags: Iterable[str]) -> str | None:
    """The machine that a tag names, cut when its name is long."""
    return _value(tags, _MACHINE)


def role_of(tags: Iterable[str]) -> Role:
    """The role that a tag names; worker when none does."""
    return "control-plane" if _value(tags, _ROLE) == "control-plane" else "worker"


def pool_of(tags: Iterable[str]) -> str:
    """The pool that a tag names; empty when none does."""
    return _value(tags, _POOL) or ""


def _value(tags: Iterable[str], prefix: str) -> str | None:
    return next((tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)), None)
