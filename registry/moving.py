"""Whether clusters of a new spec stay where those of its earlier versions stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from federation.errors import SpecInvalid
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.infrastructure import ExistingInfrastructure, HostsInfrastructure, OpenStackInfrastructure
from federation.spec.moving import check_moves
from federation.spec.problems import Violation, render_field
from federation.state.status import FederationStatus
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
    return tuple(check_moves(_standing(registry, federation.name, known), federation))


def _standing(registry: Registry, federation: str, clusters: Iterable[Cluster]) -> Iterator[Cluster]:
    """Those of which anything was ever intended to be made, or, of adopted ones, that were seen to answer."""
    made = registry.ledger.open_entries(federation)
    seen = registry.statuses.get(federation)
    status = FederationStatus.model_validate(seen.document) if seen else None
    for cluster in clusters:
        match cluster.infrastructure:
            case OpenStackInfrastructure():
                stands = any(f"{federation}-{cluster.name}-" in f"{each.name}-" for each in made)
            case HostsInfrastructure(inventory=inventory):
                stands = any(each.place == f"hosts:{inventory}" for each in made)
            case ExistingInfrastructure():
                stands = _answered(status, cluster.name)
        if stands:
            yield cluster


def _answered(status: FederationStatus | None, cluster: str) -> bool:
    parts = status.root.parts if status else ()
    found = next((each for each in parts if (each.kind, each.name) == ("Cluster", cluster)), None)
    condition = found.condition("ControlPlaneAvailable") if found else None
    return condition is not None and condition.status == "True"
