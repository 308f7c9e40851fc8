"""What a cluster cannot change while it stands: where it stands, what makes its nodes, its networks, its past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.infrastructure import (
    ClusterApiInfrastructure,
    ExistingInfrastructure,
    HostsInfrastructure,
    Infrastructure,
    KindInfrastructure,
    OpenStackInfrastructure,
)
from federation.spec.problems import FieldPath, Violation
from federation.spec.skew import Runs, check_skew


def check_moves(
    standing: Iterable[Cluster], wanted: Federation, running: Mapping[str, Iterable[Runs]] | None = None
) -> Iterator[Violation]:
    """Every cluster of a spec that may stand already stays where and what it is, and its version only goes on by steps.

    What stands is found through the credentials that its spec names and by what it was built with: under other ones it
    would stay behind, unseen.

    Args:
        standing: Clusters as they were last asked for, unless they are seen to be gone.
        wanted: The new version of their federation.
        running: What nodes of clusters were last seen to run. Nodes that nobody has seen yet may become anything.
    """
    before = {cluster.name: cluster for cluster in standing}
    for index, cluster in enumerate(wanted.spec.clusters):
        known = before.get(cluster.name)
        if known is not None:
            path = ("spec", "clusters", index)
            yield from _changes(path, known, cluster)
            yield from _versions(path, cluster, (running or {}).get(cluster.name, ()))
        yield from _abandoned(("spec", "clusters", index), cluster, before, wanted)


def _changes(path: FieldPath, known: Cluster, cluster: Cluster) -> Iterator[Violation]:
    old, new = _fixed(known), _fixed(cluster)
    changed = next((field for field in new if field in old and old[field] != new[field]), None)
    if changed is not None:
        message = (
            f"cluster '{cluster.name}' stands already with {changed} '{old[changed]}', which cannot become "
            f"'{new[changed]}'"
        )
        fix = f"write '{old[changed]}', or take another name, or apply a spec without '{cluster.name}' first"
        yield Violation((*path, *changed.split(".")), message, fix)


def _versions(path: FieldPath, cluster: Cluster, nodes: Iterable[Runs]) -> Iterator[Violation]:
    skew = check_skew(cluster.distribution.node_version, nodes) if cluster.distribution else None
    if skew is not None:
        yield Violation((*path, "distribution", "version"), f"cluster '{cluster.name}': {skew.message}", skew.fix)


def _abandoned(
    path: FieldPath, cluster: Cluster, before: Mapping[str, Cluster], wanted: Federation
) -> Iterator[Violation]:
    """A management cluster stays as long as a cluster hangs on it: nobody else could change or remove that one."""
    management = cluster.management
    if management is not None and management in before and wanted.cluster(management) is None:
        message = f"cluster '{cluster.name}' hangs on its management cluster '{management}', which this spec drops"
        fix = f"keep '{management}', or drop '{cluster.name}' too, which then goes first"
        yield Violation((*path, "infrastructure", "management"), message, fix)


def _fixed(cluster: Cluster) -> Mapping[str, str]:
    fixed = {"infrastructure.type": str(cluster.infrastructure.type), **_place(cluster.infrastructure)}
    if cluster.distribution is None:
        return fixed
    network = cluster.network
    return fixed | {
        "distribution.type": cluster.distribution.type,
        "controlPlane.endpoint": _endpoint(cluster),
        "network.podCIDR": str(network.pod_cidr),
        "network.serviceCIDR": str(network.service_cidr),
        "network.cni": _plugin(cluster),
        "network.encapsulation": network.encapsulation,
        **_whole(cluster),
    }


def _place(infrastructure: Infrastructure) -> Mapping[str, str]:
    match infrastructure:
        case OpenStackInfrastructure(cloud=cloud):
            return {"infrastructure.cloud": cloud}
        case HostsInfrastructure(inventory=inventory):
            return {"infrastructure.inventory": inventory}
        case ExistingInfrastructure(kubeconfig=kubeconfig):
            return {"infrastructure.kubeconfig": kubeconfig}
        case KindInfrastructure():
            return {}
        case ClusterApiInfrastructure(management=management, cloud=cloud, node_cidr=nodes):
            own = {"infrastructure.management": management, "infrastructure.cloud": cloud}
            return own | {"infrastructure.nodeCIDR": str(nodes)}


def _whole(cluster: Cluster) -> Mapping[str, str]:
    """What kind makes once and for all: it has no way to change a cluster."""
    if not isinstance(cluster.infrastructure, KindInfrastructure) or cluster.distribution is None:
        return {}
    pools = sorted(cluster.workers, key=lambda pool: pool.name)
    labelled = (", ".join((f"{each.name}: {each.count}", *_pairs(each.labels))) for each in pools)
    return {
        "infrastructure.image": cluster.infrastructure.image or "(left out)",
        "distribution.version": cluster.distribution.version,
        "controlPlane.count": str(cluster.control_plane.count),
        "workers": "; ".join(labelled) or "(none)",
    }


def _pairs(labels: Mapping[str, str]) -> list[str]:
    return [f"{key}={text}" for key, text in sorted(labels.items())]


def _plugin(cluster: Cluster) -> str:
    brought = isinstance(cluster.infrastructure, KindInfrastructure) and cluster.network.cni is None
    return "(left out)" if brought else cluster.cni


def _endpoint(cluster: Cluster) -> str:
    endpoint = cluster.control_plane.endpoint
    return " ".join(str(value) for _, value in endpoint) if endpoint else "(left out)"
