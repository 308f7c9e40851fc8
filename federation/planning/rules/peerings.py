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
    ProbeTraffic,
    ReleaseResources,
    RemoveProbe,
    RevokeAuthentication,
)
from federation.planning.context import PlanningContext
from federation.planning.plan import Step
from federation.planning.remains import is_remains
from federation.planning.rules.keys import INTERCONNECT_ADDON
from federation.spec.digests import probe_digest
from federation.spec.peering import Peering, PeeringKey
from federation.state.observed import ObservedDirection, Present


def plan_peerings(context: PlanningContext) -> Iterator[Step]:
    """Make every desired direction between clusters that can be read; first, remains of an earlier one must go."""
    for key, peering in context.desired.directions.items():
        if not any(context.out_of_reach(cluster) for cluster in key.pair) and not is_remains(context, key):
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
    yield from _probe(context, key, peering)


def _probe(context: PlanningContext, key: PeeringKey, peering: Peering) -> Iterator[Step]:
    """Nothing waits for a probe, and one that finds no traffic is looked over without being waited for."""
    traffic = _seen(context, key).traffic
    needs = frozenset({str(AcquireResources(key))})
    if not peering.probe.enabled:
        if traffic is not None:
            yield Step(RemoveProbe(key), "the spec asks for no probe", "prune")
    elif traffic is None:
        yield Step(ProbeTraffic(key), "nobody tries whether traffic flows", "create", needs)
    elif traffic.digest != probe_digest(context.desired.name, key, peering):
        yield Step(ProbeTraffic(key), "the probe differs from the spec", "change", needs)
    elif traffic.state == "untried":
        yield Step(ProbeTraffic(key), "no call was answered yet", "change", needs)
    elif traffic.state != "flows":
        reason = "no traffic passes" if traffic.state == "blocked" else "the probe does not run"
        yield Step(ProbeTraffic(key, awaited=False), reason, "change", needs)


def _seen(context: PlanningContext, key: PeeringKey) -> ObservedDirection:
    seen = context.observed.direction(key)
    return seen.value if isinstance(seen, Present) else ObservedDirection(key, "absent", "absent", "absent")


def _wanted_directions(context: PlanningContext, key: PeeringKey) -> tuple[PeeringKey, ...]:
    wanted = context.desired.directions
    return tuple(each for each in (key, PeeringKey(key.provider, key.consumer)) if each in wanted)


def plan_leaving(context: PlanningContext, application_steps: tuple[Step, ...]) -> Iterator[Step]:
    """Take apart every direction that is seen and that should not be, on the sides that can be read.

    That is what the spec does not ask for, what leads to a peer that has been silent for longer than its peering
    allows, and what is left at one end of a peering that was taken apart at the other.

    Args:
        context: Desired and observed.
        application_steps: What is done to applications: pods leave a virtual node before it goes.
    """
    leaving = {each.key: why for each in context.observed.directions if (why := _why_left(context, each.key))}
    for key, why in leaving.items():
        apps = frozenset(step.key for step in application_steps if _home(step) == key.consumer)
        forsaken = context.forsaken(key)
        release, revoke = ReleaseResources(key, forsaken), RevokeAuthentication(key, forsaken)
        if context.readable(key.consumer) is not None:
            yield Step(release, why, "prune", after=apps)
        yield Step(revoke, why, "prune", after=frozenset({str(release)}))
    for pair in sorted({key.pair for key in leaving}):
        if not any(key.pair == pair and key not in leaving for key in context.desired.directions):
            of_pair = [key for key in leaving if key.pair == pair]
            forsaken = frozenset[str]().union(*(context.forsaken(key) for key in of_pair))
            revokes = frozenset(str(RevokeAuthentication(key)) for key in of_pair)
            yield Step(DisconnectNetworks(*pair, forsaken), "no direction is left", "prune", after=revokes)


def _why_left(context: PlanningContext, key: PeeringKey) -> str:
    """Why a direction that is seen is to be left; empty when it stays."""
    if key not in context.desired.directions:
        return "the spec dropped the peering"
    lost = [each for each in key.pair if context.is_given_up(each, key)]
    if lost:
        return f"{lost[0]} has been silent for longer than unjoinAfter"
    return "it was taken apart at the other end" if is_remains(context, key) else ""


def _home(step: Step) -> str | None:
    match step.action:
        case ApplicationAction(home=home) | ComponentAction(home=home):
            return home
        case _:
            return None
