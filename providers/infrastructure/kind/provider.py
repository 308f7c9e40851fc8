"""kind as ``providers.makers.Maker``: clusters of containers of the Docker engine where Flotilla runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from clients.kind.client import KindClient
from clients.kubernetes.api import KubernetesClient
from federation.errors import FlotillaError, Rejected, Unsupported
from federation.preflight.facts import ClusterFacts, Refused
from federation.spec.cluster import Cluster
from federation.spec.machines import CONTROL_PLANE_POOL, MachineTarget
from federation.state.observed import ObservedInfrastructure, ObservedMaking, ObservedNode
from providers.contracts import ClusterTarget, Done, Leftover, Progress, Vault, Waiting
from providers.infrastructure.kind.place import Place, place_of
from providers.infrastructure.kind.rendering import render
from providers.infrastructure.kind.showing import Shown, differences, machines, shown, unsettled
from providers.infrastructure.machineless import Machineless
from providers.ledger import Ledger
from providers.nodes import observe_nodes
from providers.survey import Survey

_ONLY_BEGUN = "it was only begun"


class KindClusters(Machineless):
    """Clusters that kind makes. Threads may share it.

    What a create that was killed left behind looks like a cluster. The ledger tells them apart: the intent stands in it
    before kind is called, its confirmation after kind has ended well. Only what was never confirmed is begun anew.

    Args:
        vault: Gives the kubeconfigs of clusters that are made.
        ledger: Is told before a cluster is made, when it is made, and after it is gone.
        kind: How kind is called.
    """

    whose: ClassVar[str] = "a container of kind"

    def __init__(self, vault: Vault, ledger: Ledger, kind: KindClient | None = None) -> None:
        self._vault = vault
        self._ledger = ledger
        self._kind = kind or KindClient()
        self._engine = ""

    def brings_network(self, cluster: Cluster) -> bool:
        """kindnet is there unless another plugin is asked for."""
        return cluster.network.cni is None

    def observe(self, cluster: ClusterTarget, survey: Survey | None = None) -> ObservedInfrastructure:
        """Read the cluster's containers, and its nodes once its kubeconfig is kept.

        Raises:
            Unsupported, Unavailable, Rejected: Docker is not there, does not answer, refuses, or is another one than
                that which the cluster is on.
        """
        del survey
        place, kept = place_of(cluster), self._vault.kubeconfig(cluster.federation, cluster.name)
        seen = self._look(place)
        if not seen.is_ours:
            return ObservedInfrastructure("absent")
        begun = seen.made is False
        differs = _ONLY_BEGUN if begun else "; ".join(differences(seen, place))
        nodes = _nodes(kept) if kept is not None and not seen.stopped else None
        making = ObservedMaking(
            stands=bool(seen.nodes),
            differs=differs,
            access="kept" if kept is not None else "absent" if begun else "offered",
            unsettled=unsettled(seen, nodes),
        )
        found = tuple(machines(seen, nodes))
        return ObservedInfrastructure("partial" if differs else "complete", machines=found, making=making)

    def inspect(
        self, cluster: ClusterTarget, machines: tuple[MachineTarget, ...], survey: Survey | None = None
    ) -> ClusterFacts:
        """Programs that are missing."""
        del cluster, machines, survey
        return ClusterFacts(lacks=tuple(Refused(each.reason, str(each)) for each in self._kind.missing()))

    def ensure_foundation(self, cluster: ClusterTarget) -> Progress:
        """Make the cluster, minutes in one call; what an earlier call left unfinished is removed first.

        Raises:
            Rejected: A cluster of that name is somebody else's, or it was made and has lost a part since, which kind
                cannot bring back.
            Conflict, Unavailable, CommandFailed, Unsupported: What kind complains of.
        """
        place = place_of(cluster)
        seen = self._look(place)
        _check_ours(seen)
        if seen.is_empty:
            return self._make(place, anew=bool(seen.made))
        if seen.made is False:
            self._kind.delete(place.name)
            return Waiting("what was only begun to go", poll_s=0.1)
        lost = "; ".join(differences(seen, place))
        if lost:
            fix = f"kind cannot change a cluster: apply a spec without '{place.cluster.name}', and then with it"
            raise Rejected(f"cluster {place.name}: {lost}; {fix}", reason="ClusterIncomplete")
        return Done(f"{len(seen.nodes)} containers")

    def _make(self, place: Place, *, anew: bool) -> Progress:
        entry = (*place.entry, self._here())
        if anew:
            self._ledger.strike(*entry)
        self._ledger.intend(*entry)
        try:
            self._kind.create(place.name, render(place))
        except FlotillaError:
            if self._look(place).is_empty:
                self._ledger.strike(*entry)
            raise
        seen = self._look(place)
        first = next(container for pool, container in seen.nodes if pool == CONTROL_PLANE_POOL)
        self._ledger.confirm(*entry, first.id)
        return Done(f"{len(seen.nodes)} containers")

    def kubeconfig(self, cluster: ClusterTarget) -> str | Waiting:
        """As kind gives it, with the loopback address that the API is published at.

        Raises:
            Rejected: What has its name is somebody else's.
        """
        place = place_of(cluster)
        seen = self._look(place)
        _check_ours(seen)
        if not seen.nodes:
            return Waiting("kind to make the cluster")
        return self._started(seen) or self._kind.kubeconfig(place.name)

    def settle(self, cluster: ClusterTarget) -> Progress:
        """Start containers that were stopped, then wait until every node is ready.

        Raises:
            CommandFailed: A container cannot be started.
        """
        seen = self._look(place_of(cluster))
        starting = self._started(seen)
        if starting is not None:
            return starting
        kept = self._vault.kubeconfig(cluster.federation, cluster.name)
        nodes = _nodes(kept) if kept is not None else None
        late = unsettled(seen, nodes) if nodes is not None else f"the API of cluster {cluster.name} to answer"
        return Waiting(late) if late else Done(f"{len(seen.nodes)} nodes")

    def delete_pool(self, cluster: ClusterTarget, pool: str) -> Progress:
        """kind cannot change a cluster.

        Raises:
            Unsupported: Always.
        """
        raise Unsupported(f"pool {pool} of cluster {cluster.name} was made by kind, which cannot change a cluster")

    def delete_foundation(self, cluster: ClusterTarget) -> Progress:
        """Remove the cluster's containers with their volumes; what is somebody else's stays."""
        place = place_of(cluster)
        seen = self._look(place)
        if seen.is_ours:
            self._kind.delete(place.name)
            if not self._look(place).is_empty:
                return Waiting("containers to go")
        self._ledger.strike(*place.entry, self._here())
        return Done("nothing is left of it")

    def leftovers(self, cluster: ClusterTarget) -> tuple[Leftover, ...]:
        """Containers of ours."""
        place = place_of(cluster)
        seen = self._look(place)
        if not seen.is_ours:
            return ()
        command = f"kind delete cluster --name {place.name}"
        return tuple(Leftover("Container", each.name, each.id, "Docker", command) for each in seen.containers)

    def _started(self, seen: Shown) -> Waiting | None:
        """Start what of ours does not run; None when all of it runs."""
        if not seen.stopped:
            return None
        self._kind.start(*seen.stopped)
        return Waiting(f"{', '.join(seen.stopped)} to run")

    def _look(self, place: Place) -> Shown:
        known, here = self._ledger.places(*place.entry), self._here()
        if known and here not in known:
            told = f"cluster {place.name} is on another Docker engine than that which answers here: run Flotilla there"
            fix = "if that one is gone for good, drop the cluster with 'deletionPolicy: orphan' and take another name"
            raise Rejected(f"{told}; {fix}", reason="OtherDocker")
        return shown(place, self._kind.containers(place.name), known.get(here))

    def _here(self) -> str:
        """The engine as the ledger knows it."""
        self._engine = self._engine or self._kind.engine()
        return f"docker:{self._engine}"


def _check_ours(seen: Shown) -> None:
    if seen.foreign:
        message = f"container {seen.foreign[0].name} of a cluster of that name is not ours: rename one of the two"
        raise Rejected(message, reason="NotOurs")


def _nodes(kubeconfig: str) -> Mapping[str, ObservedNode] | None:
    """Nodes by name; None when they cannot be read: why, the look at the cluster itself tells."""
    client = KubernetesClient(kubeconfig)
    try:
        return {node.name: node for node in observe_nodes(client, datetime.now(UTC))}
    except FlotillaError:
        return None
    finally:
        client.close()
