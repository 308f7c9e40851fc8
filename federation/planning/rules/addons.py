"""Add-ons of the clusters that should exist."""

from __future__ import annotations

from collections.abc import Iterator

from federation.planning.actions import DeleteFoundation, InstallAddOn, InstallNetwork, RemoveAddOn
from federation.planning.context import PlanningContext
from federation.planning.plan import Step
from federation.planning.rules.keys import (
    INTERCONNECT_ADDON,
    cluster_is_usable,
    joins_of,
    runs_before_upgrade,
    touches,
    upgrades_of,
)
from federation.spec.cluster import AddOn, Cluster


def plan_addons(context: PlanningContext, applications: tuple[Step, ...], leaving: tuple[Step, ...]) -> Iterator[Step]:
    """Install what is missing, differs or is not ready; remove what the spec dropped.

    From an existing cluster that the spec dropped go the add-ons that we installed: it lives on without us.

    Args:
        context: Desired and observed.
        applications: Steps on applications.
        leaving: Steps that take peerings apart. An interconnect is removed only when they succeeded: what they left
            behind could not be removed by anybody any more.
    """
    for cluster in context.desired.spec.clusters:
        if context.out_of_reach(cluster.name):
            continue
        for addon in cluster.addons:
            yield from _install(context, cluster, addon)
        yield from _remove(context, cluster, tuple(each for each in leaving if touches(each.action, cluster.name)))
    for cluster in context.dropped_clusters():
        if cluster.adopted and cluster.deletion_policy == "delete":
            emptied = cluster.model_copy(update={"addons": ()})
            first = (each for each in leaving if touches(each.action, cluster.name))
            ending = (each for each in applications if each.action.scope == cluster.name)
            yield from _remove(context, emptied, (*first, *ending))


def _install(context: PlanningContext, cluster: Cluster, addon: AddOn) -> Iterator[Step]:
    kubernetes = context.readable(cluster.name)
    seen = kubernetes.addon(addon.name) if kubernetes else None
    wanted = context.addon_digest(cluster, addon)
    if seen is not None and seen.digest == wanted and seen.ready:
        return
    reason, differs = "it is not installed", seen is not None and seen.digest != wanted
    if seen is not None:
        reason = "version or values differ" if differs else f"it is not ready: {seen.message}"
    definition = context.catalogue.get(addon.name)
    needed = definition.needs if definition else ()
    too_new = not cluster.adopted and not runs_before_upgrade(context, cluster, addon)
    yield Step(
        InstallAddOn(cluster.name, addon.name),
        reason,
        "change" if differs else "create",
        frozenset(
            {
                str(InstallNetwork(cluster.name)),
                *cluster_is_usable(context, cluster),
                *(upgrades_of(context, cluster) if too_new else ()),
                *(str(InstallAddOn(cluster.name, each)) for each in needed if cluster.addon(each)),
            }
        ),
        after=joins_of(context, cluster),
    )


def _remove(context: PlanningContext, cluster: Cluster, before: tuple[Step, ...]) -> Iterator[Step]:
    """``before`` are the steps that take away what leans on the add-ons; so do clusters that this one makes."""
    kubernetes = context.readable(cluster.name)
    seen = kubernetes.addons if kubernetes else ()
    made = {str(DeleteFoundation(each.name)) for each in context.made_by(cluster.name)}
    dropped = [addon.name for addon in seen if cluster.addon(addon.name) is None]
    for name in dropped:
        dependents = {
            str(RemoveAddOn(cluster.name, other))
            for other in dropped
            if name in (context.catalogue[other].needs if other in context.catalogue else ())
        }
        ended = {step.key for step in before}
        interconnect = name in INTERCONNECT_ADDON.values()
        needs = dependents | made | (ended if interconnect else set())
        yield Step(RemoveAddOn(cluster.name, name), "the spec dropped it", "prune", frozenset(needs), frozenset(ended))
