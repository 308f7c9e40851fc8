"""Cluster API as ``providers.makers.Maker``: objects in a management cluster, and what comes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Literal

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.apply import ensure, ensure_gone
from clients.kubernetes.resources import Kind
from federation.errors import NotReadyYet, Rejected
from federation.preflight.facts import ClusterFacts
from federation.spec.cluster import Cluster
from federation.spec.infrastructure import OpenStackInfrastructure
from federation.spec.machines import MachineTarget
from federation.state.observed import ObservedInfrastructure, ObservedMaking
from providers.contracts import ClusterTarget, Done, Leftover, Progress, Vault, Waiting
from providers.infrastructure.cluster_api import progress
from providers.infrastructure.cluster_api.bootstrap import provider_for
from providers.infrastructure.cluster_api.kinds import check_installed
from providers.infrastructure.cluster_api.place import Json, Place, place_of
from providers.infrastructure.cluster_api.removal import check_ours, leftovers, remove, remove_pool
from providers.infrastructure.cluster_api.rendering import render
from providers.infrastructure.cluster_api.showing import Shown, differences, read
from providers.infrastructure.machineless import Machineless
from providers.infrastructure.openstack.provider import OpenStackProvider
from providers.ledger import Ledger
from providers.survey import Survey

KIND = "Cluster.cluster.x-k8s.io"
"""What a cluster is called in the ledger."""


class ClusterApi(Machineless):
    """Clusters that management clusters make. Threads may share it.

    Args:
        vault: Gives the kubeconfigs of management clusters and the credentials of clouds.
        ledger: Is told before anything is created and after it is gone.
    """

    whose: ClassVar[str] = "made by Cluster API"

    def __init__(self, vault: Vault, ledger: Ledger) -> None:
        self._vault = vault
        self._ledger = ledger

    def brings_network(self, cluster: Cluster) -> bool:
        """As the bootstrap provider says."""
        return provider_for(cluster).brings_network

    def observe(self, cluster: ClusterTarget, survey: Survey | None = None) -> ObservedInfrastructure:
        """Read the cluster's objects in its management cluster.

        Absent when that one was never built. Once this one was, it cannot be unknown who made it.

        Raises:
            NotReadyYet: The management cluster's kubeconfig is gone, and the cluster is not.
        """
        del survey
        place, kept = place_of(cluster), self._vault.kubeconfig(cluster.federation, cluster.name)
        if self._vault.kubeconfig(cluster.federation, place.asked.management) is None:
            if kept is not None:
                raise NotReadyYet(f"no kubeconfig of management cluster {place.asked.management} is kept")
            return ObservedInfrastructure("absent")
        with self._management(place) as client:
            shown = read(client, place)
        if shown.namespace is None:
            return ObservedInfrastructure("absent")
        wanted = self._wanted(place)
        differs = "; ".join(differences(shown, wanted))
        making = ObservedMaking(
            stands=shown.whole is not None,
            differs=differs,
            pools=tuple(sorted(_pools(shown, place))),
            access=_access(shown, kept),
            unsettled=progress.unsettled(shown, place) or _stale(shown, wanted),
            reported=progress.of_cluster(shown),
        )
        return ObservedInfrastructure(
            "partial" if differs else "complete", machines=progress.machines(shown), making=making
        )

    def inspect(
        self, cluster: ClusterTarget, machines: tuple[MachineTarget, ...], survey: Survey | None = None
    ) -> ClusterFacts:
        """What the cloud has, by the credentials that Cluster API is given."""
        with self._cloud(cluster) as (in_cloud, like):
            return in_cloud.inspect(like, machines, survey)

    def ensure_foundation(self, cluster: ClusterTarget) -> Progress:
        """Apply the cluster's objects; only what differs is written.

        Raises:
            Unsupported: The management cluster has no Cluster API, or lacks a provider; reason ClusterApiMissing.
            Rejected: Objects of these names are somebody else's, or the cluster's objects are refused.
        """
        place = place_of(cluster)
        self._ledger.intend(place.federation, KIND, place.name, place.ledger_place)
        with self._management(place) as client:
            shown = read(client, place)
            check_ours(shown, place)
            if shown.whole is None:
                check_installed(client, provider_for(place.cluster))
            changed = [each["metadata"]["name"] for each in self._wanted(place) if ensure(client, each)]
        return Done(f"{len(changed)} objects applied")

    def kubeconfig(self, cluster: ClusterTarget) -> str | Waiting:
        """What Cluster API keeps in a secret, once the first machine of the API is there.

        Raises:
            Rejected: A machine cannot be made; the reason is Cluster API's.
        """
        place = place_of(cluster)
        with self._management(place) as client:
            shown = read(client, place)
        if shown.kubeconfig is not None and _initialized(shown):
            return shown.kubeconfig
        _refuse_failures(shown)
        told = [each.message or each.reason for each in progress.of_cluster(shown) if each.status != "True"]
        nobody = "a controller to look at the Cluster: is Cluster API running in the management cluster?"
        return Waiting(told[0] if told else "the control plane" if (shown.whole or {}).get("status") else nobody)

    def settle(self, cluster: ClusterTarget) -> Progress:
        """Wait for machines, then remove templates that nothing uses any more.

        Raises:
            Rejected: A machine cannot be made; the reason is Cluster API's.
        """
        place = place_of(cluster)
        with self._management(place) as client:
            shown = read(client, place)
            unsettled = progress.unsettled(shown, place)
            if unsettled:
                _refuse_failures(shown)
                return Waiting(unsettled)
            stale = shown.stale(self._wanted(place))
            gone = [ensure_gone(client, Kind.of(each), each["metadata"]["name"], place.namespace) for each in stale]
        return Done(f"{len(shown.machines)} machines") if all(gone) else Waiting("templates to go")

    def delete_pool(self, cluster: ClusterTarget, pool: str) -> Progress:
        """Remove a pool of workers with its machines."""
        place = place_of(cluster)
        with self._management(place) as client:
            return remove_pool(client, place, pool)

    def delete_foundation(self, cluster: ClusterTarget) -> Progress:
        """Let Cluster API take the cluster apart, and remove the rest.

        Raises:
            Rejected: What has its names is somebody else's.
        """
        place = place_of(cluster)
        if self._vault.kubeconfig(cluster.federation, place.asked.management) is None:
            return Done("its management cluster was never built")
        with self._management(place) as client:
            done = remove(client, place)
        if isinstance(done, Done):
            self._ledger.strike(place.federation, KIND, place.name, place.ledger_place)
        return done

    def leftovers(self, cluster: ClusterTarget) -> tuple[Leftover, ...]:
        """What carries our mark in the management cluster, and in the cloud."""
        place = place_of(cluster)
        with self._cloud(cluster) as (in_cloud, like):
            found = in_cloud.leftovers(like)
        if self._vault.kubeconfig(cluster.federation, place.asked.management) is None:
            return found
        with self._management(place) as client:
            return (*leftovers(client, place), *found)

    def _wanted(self, place: Place) -> list[Json]:
        return render(place, self._vault.openstack(place.asked.cloud))

    @contextmanager
    def _cloud(self, cluster: ClusterTarget) -> Iterator[tuple[OpenStackProvider, ClusterTarget]]:
        """The cloud that its machines are in, and the cluster as if we had made them ourselves."""
        provider = OpenStackProvider(self._vault, self._ledger)
        try:
            yield provider, _on_openstack(cluster, place_of(cluster))
        finally:
            provider.close()

    @contextmanager
    def _management(self, place: Place) -> Iterator[KubernetesClient]:
        kubeconfig = self._vault.kubeconfig(place.federation, place.asked.management)
        if kubeconfig is None:
            raise NotReadyYet(f"management cluster {place.asked.management} has no control plane yet")
        client = KubernetesClient(kubeconfig)
        try:
            yield client
        finally:
            client.close()


def _initialized(shown: Shown) -> bool:
    status = (shown.whole or {}).get("status") or {}
    return bool((status.get("initialization") or {}).get("controlPlaneInitialized"))


def _access(shown: Shown, kept: str | None) -> Literal["absent", "offered", "kept"]:
    if shown.kubeconfig is None or not _initialized(shown):
        return "absent"
    return "kept" if shown.kubeconfig == kept else "offered"


def _pools(shown: Shown, place: Place) -> Iterator[str]:
    for each in shown.deployments:
        yield each["metadata"]["name"].removeprefix(f"{place.name}-")


def _stale(shown: Shown, wanted: list[Json]) -> str:
    names = ", ".join(sorted(each["metadata"]["name"] for each in shown.stale(wanted)))
    return f"templates that nothing uses any more: {names}" if names else ""


def _refuse_failures(shown: Shown) -> None:
    failed = progress.failure(shown)
    if failed is not None:
        raise Rejected(failed.message, reason=failed.reason)


def _on_openstack(cluster: ClusterTarget, place: Place) -> ClusterTarget:
    """The cluster as one whose machines we would have made: what is in the cloud carries the same marks."""
    asked = place.asked
    like = {"type": "openstack", "cloud": asked.cloud, "image": asked.image, "externalNetwork": asked.external_network}
    infrastructure = OpenStackInfrastructure.model_validate(like)
    return ClusterTarget(cluster.federation, cluster.spec.model_copy(update={"infrastructure": infrastructure}))
