"""From a look to an admitted plan: what the loop and a mere proposal have in common."""

from __future__ import annotations

from collections.abc import Mapping

from config.settings import Settings
from federation.errors import SpecInvalid
from federation.planning.context import PlanningContext
from federation.planning.guards import Admission
from federation.spec.federation import Federation, digest
from federation.state.observed import ObservedFederation, Unknown
from tasks.workbench import Workbench


def context_of(
    bench: Workbench, observed: ObservedFederation, settings: Settings, silent_s: Mapping[str, float]
) -> PlanningContext:
    """Desired and observed, side by side, and for how long nobody has heard of silent clusters."""
    return PlanningContext(
        desired=bench.desired,
        former=bench.former,
        observed=observed,
        catalogue=bench.supplies.catalogue,
        timing=settings.timing,
        silent_s=silent_s,
        former_peerings=bench.former_peerings,
    )


def basis(spec: Federation, admission: Admission) -> str:
    """Digest of what a plan was made for: the spec, and everything that was seen to differ from it."""
    return digest(spec.digest + admission.plan.digest)


def refuse_other_reality(made_for: str, spec: Federation, admission: Admission) -> None:
    """Let a saved plan pass only while what is seen still calls for exactly it.

    Raises:
        SpecInvalid: Something has changed; reason PlanOutdated.
    """
    if made_for != basis(spec, admission):
        raise SpecInvalid("what is there has changed since the plan was saved; make a new plan", reason="PlanOutdated")


def blind_spots(context: PlanningContext) -> tuple[str, ...]:
    """What could not be looked at, with why: no plan can tell anything about it."""
    names = [cluster.name for cluster in (*context.desired.spec.clusters, *context.dropped_clusters())]
    looks = [(name, seen) for name in names for seen in (context.infrastructure(name), context.kubernetes(name))]
    unknown = {
        name: f"{name}: {seen.reason}: {seen.message}" for name, seen in reversed(looks) if isinstance(seen, Unknown)
    }
    return tuple(unknown[name] for name in sorted(unknown))
