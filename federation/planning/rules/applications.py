"""Applications: namespace and offloading first, then component by component."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import (
    AcquireResources,
    DeleteApplication,
    DeleteComponent,
    DeployComponent,
    InstallAddOn,
    InstallNetwork,
    OffloadNamespace,
)
from federation.planning.context import PlanningContext
from federation.planning.plan import Step
from federation.planning.remains import is_remains
from federation.planning.rules.keys import cluster_is_usable, joins_of
from federation.spec.application import Application, Component
from federation.spec.digests import component_digest, offloading_digest, remote_clusters
from federation.spec.homes import home_of
from federation.spec.peering import PeeringKey
from federation.spec.shares import shares_of
from federation.state.observed import ObservedApplication


def plan_applications(context: PlanningContext) -> Iterator[Step]:
    """Deploy what is missing, differs or is not available; remove what the spec dropped."""
    homes = {each.name: home_of(context.desired, each) for each in context.desired.spec.applications}
    for application in context.desired.spec.applications:
        home = homes[application.name]
        if home is not None and not context.out_of_reach(home):
            yield from _application(context, application, home)
    for seen in context.observed.applications:
        if homes.get(seen.name) != seen.home:
            yield Step(DeleteApplication(seen.name, seen.home), "the spec dropped it", "prune")


def _application(context: PlanningContext, application: Application, home: str) -> Iterator[Step]:
    seen = _seen(context, application.name, home)
    offload = OffloadNamespace(application.name, home)
    others = remote_clusters(application, home)
    virtual_nodes = frozenset(str(AcquireResources(PeeringKey(home, each))) for each in others)
    elsewhere = frozenset(
        str(DeleteApplication(each.name, each.home))
        for each in context.observed.applications
        if each.name == application.name and each.home != home
    )
    wanted = offloading_digest(context.desired.name, application, home)
    as_asked = seen is not None and seen.offloading == wanted
    away = any(_is_away(context, home, each) for each in {home, *others})
    if away and not as_asked:
        return  # it would wait for a cluster that is not there yet, and everything else of it would wait with it
    if not as_asked or not (away or (seen is not None and seen.offloading_ready)):
        reason = "there is no namespace" if seen is None else "its offloading is not as asked for, or not ready"
        needs = _cluster_ready(context, home) | virtual_nodes
        yield Step(offload, reason, "create" if seen is None else "change", needs, after=elsewhere)
    for component in application.components:
        yield from _component(context, application, component, home)
    for extra in seen.components if seen else ():
        if all(extra.name != component.name for component in application.components):
            yield Step(DeleteComponent(application.name, extra.name, home), "the spec dropped it", "prune")


def _component(context: PlanningContext, application: Application, component: Component, home: str) -> Iterator[Step]:
    seen_application = _seen(context, application.name, home)
    seen = seen_application.component(component.name) if seen_application else None
    wanted = component_digest(context.desired.name, application, component, home)
    same = seen is not None and seen.digest == wanted
    if seen is not None and seen.is_left_alone(wanted):
        return
    reason = "it is not deployed"
    if seen is not None:
        reason = "it differs from the spec" if not same or seen.ready else f"it is not available: {seen.message}"
    targets = {share.cluster for share in shares_of(component, home)}
    away = {target for target in targets if _is_away(context, home, target)}
    if away == targets or (away and same):
        return  # what is left to do of it is to wait for a cluster
    needs = {str(OffloadNamespace(application.name, home)), *_cluster_ready(context, home)}
    addons: set[str] = set()
    for target in targets - away:
        needs |= _cluster_ready(context, target)
        needs |= {str(AcquireResources(PeeringKey(home, target)))} if target != home else set()
        cluster = context.desired.cluster(target)
        addons |= {str(InstallAddOn(target, addon.name)) for addon in cluster.addons} if cluster else set()
    yield Step(
        DeployComponent(application.name, component.name, home),
        reason,
        "create" if seen is None else "change",
        frozenset(needs),
        after=frozenset(addons),
    )


def _is_away(context: PlanningContext, home: str, target: str) -> bool:
    """Whether nothing can be put there now: it does not answer, or must first be rid of an earlier peering."""
    return context.out_of_reach(target) or (target != home and is_remains(context, PeeringKey(home, target)))


def _cluster_ready(context: PlanningContext, name: str) -> frozenset[str]:
    cluster = context.desired.cluster(name)
    if cluster is None:
        return frozenset()
    workers = [target for target in context.targets(cluster) if target.role == "worker"]
    joins = joins_of(context, cluster) if len(workers) == 1 else frozenset[str]()
    return frozenset({str(InstallNetwork(name)), *cluster_is_usable(context, cluster), *joins})


def _seen(context: PlanningContext, application: str, home: str) -> ObservedApplication | None:
    kubernetes = context.readable(home)
    applications = kubernetes.applications if kubernetes else ()
    return next((each for each in applications if each.name == application), None)
