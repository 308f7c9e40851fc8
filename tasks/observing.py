"""Looking: one task reads everything of a federation, with bounded concurrency inside. It never writes."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE

from federation.errors import FlotillaError
from federation.spec.cluster import Cluster
from federation.state.members import silent_members
from federation.state.observed import (
    Absent,
    Observation,
    ObservedCluster,
    ObservedFederation,
    ObservedInfrastructure,
    ObservedKubernetes,
    Present,
    Unknown,
)
from federation.state.twins import told_apart
from providers.bootstrap.dns import observe_rules
from providers.bootstrap.network import network_ready
from providers.contracts import ClusterTarget
from providers.infrastructure.existing.facts import identity, service_address
from providers.nodes import control_plane_version, observe_nodes
from providers.survey import Survey
from tasks.registries import registry_digest
from tasks.workbench import Workbench

log = logging.getLogger(__name__)
T = TypeVar("T")


@task(name="observe", task_run_name="observe", cache_policy=NO_CACHE, persist_result=False)
async def observe(bench: Workbench, lookers: int) -> ObservedFederation:
    """Look at every cluster that the run may have to do with; what cannot be read is Unknown.

    Args:
        bench: The run's workbench.
        lookers: Clusters that are looked at at the same time.
    """
    return await look(bench, lookers)


async def look(bench: Workbench, lookers: int) -> ObservedFederation:
    """What the task does, without Prefect."""
    gate, survey = asyncio.Semaphore(lookers), Survey()

    async def one(cluster: Cluster) -> ObservedCluster:
        async with gate:
            return await bench.aside(_look_at, bench, cluster, survey)

    seen = await asyncio.gather(*(one(cluster) for cluster in bench.clusters()))
    observed = ObservedFederation({cluster.name: cluster for cluster in seen})
    return told_apart(observed, bench.desired.spec.clusters, bench.former)


def _look_at(bench: Workbench, cluster: Cluster, survey: Survey) -> ObservedCluster:
    seen = _infrastructure(bench, cluster, bench.target(cluster.name), survey)
    kubernetes = _kubernetes(bench, cluster)
    if cluster.infrastructure.type == "hosts" and isinstance(seen, Present) and isinstance(kubernetes, Present):
        silent = silent_members(cluster, seen.value, kubernetes.value.nodes)
        if silent:
            target = bench.target(cluster.name)
            known = replace(target, machines=(*target.machines, *silent))
            seen = _infrastructure(bench, cluster, known, survey)
    return ObservedCluster(cluster.name, seen, kubernetes)


def _unknown(what: str, cluster: Cluster, error: Exception) -> Unknown:
    """Unclassified errors are defects of ours; they are told in full, and still stop only this cluster."""
    if isinstance(error, FlotillaError):
        log.warning("%s of cluster %s cannot be read: %s", what, cluster.name, error)
        return Unknown(error.reason, str(error))
    log.error("%s of cluster %s cannot be read", what, cluster.name, exc_info=error)
    return Unknown("InternalError", f"{type(error).__name__}: {error}")


def _infrastructure(
    bench: Workbench, cluster: Cluster, target: ClusterTarget, survey: Survey
) -> Observation[ObservedInfrastructure]:
    try:
        seen = bench.infrastructure(cluster).observe(target, survey)
    except Exception as error:  # noqa: BLE001 - told in full by _unknown
        return _unknown("infrastructure", cluster, error)
    bench.remember(cluster.name, seen)
    return Present(seen)


def _kubernetes(bench: Workbench, cluster: Cluster) -> Observation[ObservedKubernetes]:
    try:
        client = bench.kubernetes(cluster.name)
        if client is None:
            return Absent()
        side = bench.side(cluster.name)
        nodes = observe_nodes(client, datetime.now(UTC))
        return Present(
            ObservedKubernetes(
                version=client.version() if cluster.adopted else control_plane_version(nodes),
                nodes=nodes,
                cni_ready=network_ready(client, bench.network(cluster), nodes),
                addons=bench.addons.observe(side, bench.supplies.catalogue),
                directions=bench.interconnect("liqo").observe(side),
                applications=bench.applications.observe(side),
                identity=identity(client) if any(each.adopted for each in bench.clusters()) else "",
                endpoint=side.endpoint,
                service_address=service_address(client) if cluster.adopted else "",
                registries="" if cluster.adopted else registry_digest(bench.vault, bench.desired.name, cluster),
                host_rules=frozenset() if cluster.adopted else observe_rules(client, bench.dns_place(cluster)),
            )
        )
    except Exception as error:  # noqa: BLE001 - told in full by _unknown
        return _unknown("Kubernetes API", cluster, error)
