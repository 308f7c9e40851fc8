"""What every planning rule looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from federation.spec.catalogue import Catalogue
from federation.spec.cluster import AddOn, Cluster
from federation.spec.digests import digest_for
from federation.spec.federation import Federation
from federation.spec.links import profile_for
from federation.spec.machines import MachineTarget, machine_targets
from federation.spec.peering import Peering, PeeringKey
from federation.spec.versions import matches, oldest
from federation.state.hosts import stand_ins
from federation.state.observed import (
    Absent,
    Observation,
    ObservedCluster,
    ObservedFederation,
    ObservedInfrastructure,
    ObservedKubernetes,
    Present,
    Unknown,
)


@dataclass(frozen=True)
class Timing:
    """Times that turn an observation into a decision, in seconds."""

    repair_after_s: float = 300.0


@dataclass(frozen=True)
class PlanningContext:
    """Desired and observed, side by side.

    Attributes:
        desired: What should exist.
        former: Clusters that older generations asked for and nobody has seen to be gone.
        observed: What was seen.
        catalogue: Definitions of add-ons.
        timing: Times for decisions.
        silent_s: For each cluster that nobody hears of, how many seconds that has lasted.
        former_peerings: Peerings that older generations asked for and that may still be there; later ones win.
        unfit: Spares by cluster that were looked at and cannot become nodes: they step in only when no other is left,
            and then the preflight holds them with the reason.
    """

    desired: Federation
    former: tuple[Cluster, ...]
    observed: ObservedFederation
    catalogue: Catalogue
    timing: Timing = field(default_factory=Timing)
    silent_s: Mapping[str, float] = field(default_factory=dict)
    former_peerings: tuple[Peering, ...] = ()
    unfit: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def seen(self, cluster: str) -> ObservedCluster:
        """What was seen of a cluster; all Unknown when nobody looked."""
        nobody = Unknown("NotYetReported", "nobody has looked at this cluster")
        return self.observed.clusters.get(cluster) or ObservedCluster(cluster, nobody, nobody)

    def infrastructure(self, cluster: str) -> Observation[ObservedInfrastructure]:
        """What was seen of a cluster's machines and networks."""
        return self.seen(cluster).infrastructure

    def kubernetes(self, cluster: str) -> Observation[ObservedKubernetes]:
        """What was seen of a cluster's Kubernetes API."""
        return self.seen(cluster).kubernetes

    def readable(self, cluster: str) -> ObservedKubernetes | None:
        """What a cluster's API shows, when it could be read."""
        kubernetes = self.kubernetes(cluster)
        return kubernetes.value if isinstance(kubernetes, Present) else None

    def unreadable(self, cluster: str) -> bool:
        """Whether nothing may be decided about what is in a cluster."""
        return isinstance(self.kubernetes(cluster), Unknown)

    def out_of_reach(self, cluster: str) -> bool:
        """Whether nothing can be put into a cluster now: it cannot be read, or nobody sees what becomes its API."""
        blind = isinstance(self.infrastructure(cluster), Unknown)
        return self.unreadable(cluster) or (blind and self.never_built(cluster))

    def addon_digest(self, cluster: Cluster, addon: AddOn) -> str | None:
        """The digest that an add-on should carry; None when the catalogue does not have it."""
        definition = self.catalogue.get(addon.name)
        profile = profile_for(self.desired, cluster.name, addon.name)
        return digest_for(self.desired.name, cluster, addon, definition, profile) if definition else None

    def targets(self, cluster: Cluster) -> tuple[MachineTarget, ...]:
        """The machines that a cluster should have; a spare in the place of a lost host.

        One that is no node yet gets the version that the control plane runs now, which is upgraded afterwards: a node
        may not be newer than its control plane.
        """
        seen = self.infrastructure(cluster.name)
        inventory = seen.value.inventory if isinstance(seen, Present) else ()
        targets = machine_targets(self.desired.name, cluster, inventory)
        spares, known = self.stand_ins(cluster), self.seen(cluster.name)
        named = (replace(each, name=spares.get(each.name, each.name)) for each in targets)
        joining = self.running_version(cluster) if targets else ""
        return tuple(each if known.node(each.name) else replace(each, version=joining) for each in named)

    def running_version(self, cluster: Cluster) -> str:
        """The oldest version that a node of a control plane that we built runs; the wanted one while there is none."""
        wanted = cluster.built_with.version
        present = oldest(node.version for node in self.seen(cluster.name).members) or wanted
        return wanted if matches(present, cluster.built_with.node_version) else present

    def stand_ins(self, cluster: Cluster) -> dict[str, str]:
        """Spares of a cluster of bare hosts, by the lost host that each steps in for."""
        seen = self.infrastructure(cluster.name)
        if not cluster.spares or not isinstance(seen, Present):
            return {}
        targets = machine_targets(self.desired.name, cluster, seen.value.inventory)
        unfit = self.unfit.get(cluster.name, frozenset())
        spares = sorted(cluster.spares, key=lambda name: name in unfit)
        return stand_ins(spares, targets, seen.value, self.long_unready(cluster.name))

    def long_unready(self, cluster: str) -> frozenset[str]:
        """Nodes that have not been ready for so long that they count as lost."""
        nodes = self.seen(cluster).nodes
        return frozenset(node.name for node in nodes if not node.ready and node.unready_s >= self.timing.repair_after_s)

    def first_control_plane(self, cluster: Cluster) -> str | None:
        """The machine that the control plane begins on; None when no host is left for it."""
        roles = ((target.name, target.role) for target in self.targets(cluster))
        return next((name for name, role in roles if role == "control-plane"), None)

    def dropped_clusters(self) -> tuple[Cluster, ...]:
        """Clusters that older generations asked for and the present one does not."""
        kept = {cluster.name for cluster in self.desired.spec.clusters}
        return tuple(cluster for cluster in self.former if cluster.name not in kept)

    def made_by(self, cluster: str) -> tuple[Cluster, ...]:
        """Clusters, wanted or to be removed, that this one makes; those that are left to themselves are not."""
        removed = (each for each in self.dropped_clusters() if each.deletion_policy == "delete")
        return tuple(each for each in (*self.desired.spec.clusters, *removed) if each.management == cluster)

    def depth(self, cluster: Cluster) -> int:
        """How many clusters of the federation stand behind one, each made by the next."""
        known = (*self.desired.spec.clusters, *self.dropped_clusters())
        maker = next((each for each in known if each.name == cluster.management), None)
        return 1 + self.depth(maker) if maker else 0

    def is_kept(self, cluster: str) -> bool:
        """Whether the cluster is in the present spec."""
        return self.desired.cluster(cluster) is not None

    def never_built(self, cluster: str) -> bool:
        """Whether no control plane was ever made."""
        return isinstance(self.kubernetes(cluster), Absent)

    def is_lost(self, cluster: str) -> bool:
        """Whether a cluster that others make was built, and its maker has it no more."""
        seen = self.infrastructure(cluster)
        stands = isinstance(seen, Present) and seen.value.making is not None and seen.value.making.stands
        return isinstance(seen, Present) and not stands and not self.never_built(cluster)

    def peering(self, key: PeeringKey) -> Peering | None:
        """The entry that asks for a direction, or that last asked for it."""
        former = {each: peering for peering in self.former_peerings for each in peering.directions}
        return self.desired.directions.get(key) or former.get(key)

    def is_silent(self, cluster: str) -> bool:
        """Whether nobody hears of a cluster, which is not to be taken for gone."""
        return self.unreadable(cluster) and cluster in self.silent_s

    def forsaken(self, key: PeeringKey) -> frozenset[str]:
        """Ends of a direction that leaving it does not wait for when they do not answer.

        Those that go anyway, those without a control plane, and those that have been silent for longer than their
        peering allows.
        """
        return frozenset(each for each in key.pair if self._has_no_say(each) or self.is_given_up(each, key))

    def is_given_up(self, cluster: str, key: PeeringKey) -> bool:
        """Whether a cluster has been silent for longer than a peering with it allows."""
        peering = self.peering(key)
        patience_s = peering.patience_s if peering else None
        return patience_s is not None and self.is_silent(cluster) and self.silent_s[cluster] >= patience_s

    def _has_no_say(self, cluster: str) -> bool:
        return not self.is_kept(cluster) or self.never_built(cluster)
