"""Peerings between clusters: made module by module, left in the opposite order."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import (
    AcquireResources,
    ApplicationAction,
    Authenticate,
    ComponentAction,
    ConnectNetworks,
    DisconnectNetworks,
    InstallAddOn,
    ReleaseResources,
    RevokeAuthentication,
)
from federation.planning.context import PlanningContext
from federation.planning.plan import Step
from federation.planning.rules.keys import INTERCONNECT_ADDON
from federation.spec.peering import Peering, PeeringKey
from federation.state.observed import ObservedDirection, Present


def plan_peerings(context: PlanningContext) -> Iterator[Step]:
    """Make every desired direction between clusters that can be read."""
    for key, peering in context.desired.directions.items():
        if not any(context.unreadable(cluster) for cluster in key.pair):
            yield from _join(context, key, peering)


def _join(context: PlanningContext, key: PeeringKey, peering: Peering) -> Iterator[Step]:
    seen = _seen(context, key)
    addons = frozenset(str(InstallAddOn(cluster, INTERCONNECT_ADDON[peering.type])) for cluster in key.pair)
    connect, authenticate = ConnectNetworks(*key.pair), Authenticate(key)
    if any(_seen(context, each).networking != "established" for each in _wanted_directions(context, key)):
        yield Step(connect, "the networks are not connected", "create", addons)
    if seen.authentication != "established":
        tunnel = {str(connect)} if peering.control_plane == "in-band" else set[str]()
        yield Step(authenticate, "the provider does not know the consumer", "create", addons | tunnel)
    if seen.offloading != "established":
        needs = addons | {str(authenticate), str(connect)}
        yield Step(AcquireResources(key), "the consumer has no virtual node for the provider", "create", needs)


def _seen(context: PlanningContext, key: PeeringKey) -> ObservedDirection:
    seen = context.observed.direction(key)
    return seen.value if isinstance(seen, Present) else ObservedDirection(key, "absent", "absent", "absent")


def _wanted_directions(context: PlanningContext, key: PeeringKey) -> tuple[PeeringKey, ...]:
    wanted = context.desired.directions
    return tuple(each for each in (key, PeeringKey(key.provider, key.consumer)) if each in wanted)


def plan_leaving(context: PlanningContext, application_steps: tuple[Step, ...]) -> Iterator[Step]:
    """Take apart every direction that is seen and that the spec does not ask for, on the sides that can be read.

    Args:
        context: Desired and observed.
        application_steps: What is done to applications: pods leave a virtual node before it goes.
    """
    wanted = context.desired.directions
    leaving = [each for each in context.observed.directions if each.key not in wanted]
    for direction in leaving:
        key = direction.key
        apps = frozenset(step.key for step in application_steps if _home(step) == key.consumer)
        release, revoke = ReleaseResources(key), RevokeAuthentication(key)
        if context.readable(key.consumer) is not None:
            yield Step(release, "the spec dropped the peering", "prune", after=apps)
        yield Step(revoke, "the spec dropped the peering", "prune", after=frozenset({str(release)}))
    for pair in sorted({direction.key.pair for direction in leaving}):
        if not any(key.pair == pair for key in wanted):
            revokes = frozenset(str(RevokeAuthentication(each.key)) for each in leaving if each.key.pair == pair)
            yield Step(DisconnectNetworks(*pair), "no direction is left", "prune", after=revokes)


def _home(step: Step) -> str | None:
    match step.action:
        case ApplicationAction(home=home) | ComponentAction(home=home):
            return home
        case _:
            return None
