"""Where the pods of a component run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from clients.kubernetes.readiness import condition, readiness
from federation.spec.marks import cluster_id
from federation.state.observed import Running
from providers.contracts import Side
from providers.offloading import REMOTE_CLUSTER_ID

Object = Mapping[str, Any]


def running(side: Side, workloads: Iterable[Object], pods: Iterable[Object]) -> tuple[Running, ...]:
    """Pods cluster by cluster, of one component.

    A workload that is complete has no pods but its own, and each is where its template sends it: then the pods need
    not be read. Until then they tell it themselves, each that is on a node. A job that has ended has none in its place.

    Args:
        side: The home.
        workloads: The live workloads of the component.
        pods: All its pods; only looked at when a workload is not complete.
    """
    workloads = list(workloads)
    there, ready = Counter[str](), Counter[str]()
    if all(readiness(each).ready for each in workloads):
        for each in workloads:
            count = readiness(each).available
            cluster = _cluster(side, _selected(each["spec"]["template"]))
            there[cluster] += count
            ready[cluster] += count
    else:
        for pod in pods:
            if pod["spec"].get("nodeName"):
                cluster = _cluster(side, _selected(pod))
                there[cluster] += 1
                ready[cluster] += condition(pod, "Ready").get("status") == "True"
    return tuple(Running(cluster, there[cluster], ready[cluster]) for cluster in sorted(there))


def _selected(pod: Object) -> str:
    """The peer that a pod asks for, which is the only one whose virtual node it can be on; empty for real nodes."""
    return str((pod["spec"].get("nodeSelector") or {}).get(REMOTE_CLUSTER_ID, ""))


def _cluster(side: Side, identity: str) -> str:
    return identity.removeprefix(cluster_id(side.federation, "")) or side.cluster
