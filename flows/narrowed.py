"""Hand-run entries: the same loop, narrowed to one subject of a federation that was applied before."""

from __future__ import annotations

from prefect import flow

from federation.planning.scopes import Scope, addons_scope, application_scope, cluster_scope, peerings_scope
from federation.spec.model import Name
from flows.apply import WAIT_FOR_OTHERS_S
from flows.ending import Ending, work
from flows.loop import Assignment
from flows.workplace import workplace


async def _narrowed(federation: str, scope: Scope) -> Ending:
    async with workplace(federation, WAIT_FOR_OTHERS_S) as place:
        return await work(place, Assignment(scope=scope))


@flow(name="bootstrap-cluster", flow_run_name="bootstrap-{federation}-{cluster}")
async def bootstrap_cluster(federation: Name, cluster: Name) -> Ending:
    """Network, machines, nodes and network plugin of one cluster.

    Args:
        federation: A federation that was applied.
        cluster: One of its clusters.
    """
    return await _narrowed(federation, cluster_scope(cluster))


@flow(name="install-addons", flow_run_name="install-addons-{federation}")
async def install_addons(federation: Name, cluster: Name | None = None) -> Ending:
    """Add-ons of one cluster, or of all.

    Args:
        federation: A federation that was applied.
        cluster: One of its clusters; all when left out.
    """
    return await _narrowed(federation, addons_scope(cluster))


@flow(name="peer-clusters", flow_run_name="peer-{federation}")
async def peer_clusters(federation: Name, first: Name | None = None, second: Name | None = None) -> Ending:
    """Peerings between two clusters, of one cluster, or all.

    Args:
        federation: A federation that was applied.
        first: One of its clusters.
        second: Another of its clusters.
    """
    return await _narrowed(federation, peerings_scope(first, second))


@flow(name="offload-application", flow_run_name="offload-{federation}")
async def offload_application(federation: Name, application: Name | None = None) -> Ending:
    """One application, or all: namespace, offloading and components.

    Args:
        federation: A federation that was applied.
        application: One of its applications; all when left out.
    """
    return await _narrowed(federation, application_scope(application))
