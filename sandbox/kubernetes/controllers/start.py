"""Which controllers a cluster runs, and their start."""

from __future__ import annotations

from sandbox.kubernetes.controllers.clusterapi.controller import ClusterApi
from sandbox.kubernetes.controllers.controller import Controller, Manager
from sandbox.kubernetes.controllers.daemonsets import DaemonSets
from sandbox.kubernetes.controllers.deployments import Deployments
from sandbox.kubernetes.controllers.disruption import Disruption
from sandbox.kubernetes.controllers.endpoints import Endpoints
from sandbox.kubernetes.controllers.evictions import Evictions
from sandbox.kubernetes.controllers.fleet import Fleet, Member
from sandbox.kubernetes.controllers.garbage import Garbage
from sandbox.kubernetes.controllers.ingress import Ingresses
from sandbox.kubernetes.controllers.jobs import Jobs
from sandbox.kubernetes.controllers.kubelet import Kubelet
from sandbox.kubernetes.controllers.liqo.loops import LOOPS
from sandbox.kubernetes.controllers.metallb.controller import MetalLB
from sandbox.kubernetes.controllers.namespaces import Namespaces
from sandbox.kubernetes.controllers.nodes import Nodes
from sandbox.kubernetes.controllers.prober import Prober
from sandbox.kubernetes.controllers.replicasets import ReplicaSets
from sandbox.kubernetes.controllers.scheduler import Scheduler
from sandbox.kubernetes.controllers.services import Services
from sandbox.kubernetes.controllers.statefulsets import StatefulSets
from sandbox.kubernetes.controllers.strimzi.controller import Kafkas, PodSets
from sandbox.kubernetes.controllers.tigera import Installations
from sandbox.kubernetes.controllers.volumes import Volumes

BUILT_IN: tuple[type[Controller], ...] = (
    Garbage,
    Namespaces,
    Nodes,
    Evictions,
    Deployments,
    ReplicaSets,
    StatefulSets,
    DaemonSets,
    Jobs,
    Scheduler,
    Kubelet,
    Prober,
    Volumes,
    Services,
    Endpoints,
    Ingresses,
    Disruption,
    MetalLB,
    Kafkas,
    PodSets,
    Installations,
    ClusterApi,
    *LOOPS,
)


def start_all(cluster: Member, fleet: Fleet) -> list[Manager]:
    """Start every controller of a cluster inside the running loop; what comes back has ``start`` and ``stop``.

    They go on from what is stored, so they may be stopped and started again at any point.
    """
    manager = Manager(cluster, fleet, BUILT_IN)
    manager.start()
    return [manager]
