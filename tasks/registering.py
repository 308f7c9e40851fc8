"""Machines whose agents run as part of their cluster, which does not know them."""

from __future__ import annotations

import logging

from federation.spec.machines import MachineTarget
from providers.contracts import Waiting
from tasks.workbench import Workbench

log = logging.getLogger(__name__)
REGISTERS_WITHIN_S = 30.0
_REGISTRATION = "registration"


def unregistered(bench: Workbench, cluster: str, machine: MachineTarget) -> Waiting:
    """Wait for a node to register, and start its agent anew when it does not.

    A kubelet registers its node when it starts, and never again: one whose node was deleted while nobody could reach
    it, such as when a spare stepped in, runs on and asks for a node that is not there.

    Source: k8s.io/kubernetes, pkg/kubelet/kubelet_node_status.go, ``registerWithAPIServer``.
    """
    place = f"{cluster}/{machine.name}"
    if bench.waited_s(_REGISTRATION, place) >= REGISTERS_WITHIN_S:
        agent = bench.distribution(bench.cluster(cluster)).agent(machine.role)
        log.warning("%s: %s runs and registers no node: it is started anew", place, agent)
        with bench.session(cluster, machine.name) as session:
            session.run(("systemctl", "restart", "--no-block", agent), sudo=True)
        bench.forget_wait(_REGISTRATION, place)
    return Waiting("the node to register")
