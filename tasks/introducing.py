"""How a machine is made known by name before it joins, where the control plane refuses names that it cannot resolve."""

from __future__ import annotations

from datetime import UTC, datetime

from federation.state.rosters import roster_of
from providers.bootstrap.host_names import own_address, write_names
from providers.nodes import observe_nodes
from tasks.workbench import Workbench


def introduce(bench: Workbench, cluster: str, machine: str) -> None:
    """Write the machine's name on the control planes that may take it in, and the cluster's names on the machine.

    Once in a run for each machine; writes only what differs. All others learn the name by ``NameHosts``.
    """
    if bench.is_introduced(cluster, machine):
        return
    machines = [each.name for each in bench.target(cluster).machines]
    with bench.introducing(cluster, machine):
        nodes = observe_nodes(bench.side(cluster).kubernetes, datetime.now(UTC))
        with bench.session(cluster, machine) as session:
            own = own_address(session)
            write_names(session, {**roster_of(nodes, machines), machine: own})
        for node in nodes:
            if node.role == "control-plane" and node.ready and node.name in machines:
                with bench.session(cluster, node.name) as session:
                    write_names(session, {machine: own}, keep=True)
