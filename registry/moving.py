"""Whether clusters of a new spec stay where those of its earlier versions stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from federation.errors import SpecInvalid
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.infrastructure import (
    ClusterApiInfrastructure,
    ExistingInfrastructure,
    HostsInfrastructure,
    KindInfrastructure,
    OpenStackInfrastructure,
)
from federation.spec.machines import Role
from federation.spec.marks import cluster_id
from federation.spec.moving import check_moves
from federation.spec.problems import Violation, render_field
from federation.spec.skew import Runs
from federation.state.status import FederationStatus, ObjectStatus
from registry.registry import Registry


def refuse_moves(registry: Registry, federation: Federation) -> None:
    """Let a spec pass only when its clusters stay where they stand.

    Raises:
        SpecInvalid: One of them would leave behind what it has; one line each.
    """
    problems = moves(registry, federation)
    if problems:
        raise SpecInvalid("\n".join(f"{render_field(each.field)}: {each.message} ({each.fix})" for each in problems))


def moves(registry: Registry, federation: Federation) -> tuple[Violation, ...]:
    """What a spec changes of clusters that stand, by which they would leave behind what they have."""
    current, former = registry.generations.current(federation.name), registry.generations.former(federation.name)
    left = tuple(cluster for cluster in former.clusters if cluster.deletion_policy == "delete")
    known = (*left, *(current.parsed().spec.clusters if current else ()))
    status = registry.statuses.last(federation.name)
    return tuple(check_moves(_standing(registry, federation.name, known), federation, _running(status)))


def _running(status: FederationStatus | None) -> Mapping[str, tuple[Runs, ...]]:
    """What the nodes of each cluster were last seen to run."""
    clusters = [part for part in (status.root.parts if status else ()) if part.kind == "Cluster"]
    return {cluster.name: tuple(_runs(machine) for machine in cluster.parts) for cluster in clusters}


def _runs(machine: ObjectStatus) -> Runs:
    role: Role = "control-plane" if machine.facts.get("role") == "control-plane" else "worker"
    return Runs(machine.name, role, machine.facts.get("version", ""))


def _standing(registry: Registry, federation: str, clusters: Iterable[Cluster]) -> Iterator[Cluster]:
    """Those of which anything was ever intended to be made, or, of adopted ones, that were seen to answer.

    What kind has only begun is begun anew, so it does not stand.
    """
    made = registry.ledger.open_entries(federation)
    status = registry.statuses.last(federation)
    for cluster in clusters:
        match cluster.infrastructure:
            case OpenStackInfrastructure():
                stands = any(f"{federation}-{cluster.name}-" in f"{each.name}-" for each in made)
            case HostsInfrastructure(inventory=inventory):
                stands = any(each.place == f"hosts:{inventory}" for each in made)
            case ClusterApiInfrastructure(management=management):
                own = (cluster_id(federation, cluster.name), f"cluster-api:{management}")
                stands = any((each.name, each.place) == own for each in made)
            case KindInfrastructure():
                name = cluster_id(federation, cluster.name)
                stands = any(each.name == name and each.place.startswith("docker:") and each.object_id for each in made)
            case ExistingInfrastructure():
                stands = _answered(status, cluster.name)
        if stands:
            yield cluster


def _answered(status: FederationStatus | None, cluster: str) -> bool:
    parts = status.root.parts if status else ()
    found = next((each for each in parts if (each.kind, each.name) == ("Cluster", cluster)), None)
    condition = found.condition("ControlPlaneAvailable") if found else None
    return condition is not None and condition.status == "True"
