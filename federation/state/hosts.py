"""Bare hosts that are lost, and the spares that step in for them."""

from __future__ import annotations

from collections.abc import Iterable

from federation.spec.machines import MachineTarget
from federation.state.observed import ObservedInfrastructure


def stand_ins(
    spares: Iterable[str],
    targets: tuple[MachineTarget, ...],
    seen: ObservedInfrastructure,
    long_unready: frozenset[str],
) -> dict[str, str]:
    """Spares by the lost worker that each steps in for.

    A host is lost when it does not answer and its node has not been ready for too long, or when a spare has taken its
    place already. One that answers again is not lost any more, and its spare is free. A control plane has no stand-in:
    its data are on the host.

    Args:
        spares: Names of the cluster's spares, in order of preference.
        targets: The machines that the spec asks for.
        seen: What was seen of the hosts.
        long_unready: Nodes that have not been ready for too long.
    """
    result: dict[str, str] = {}
    free = [name for name in spares if name in seen.inventory and seen.machine(name) is None]
    working = {name: machine.pool for name in spares if (machine := seen.machine(name)) and machine.state == "running"}
    for target in targets:
        machine = seen.machine(target.name)
        if target.role != "worker" or machine is None or machine.state != "stopped":
            continue
        spare = next((name for name, pool in working.items() if pool == target.pool), None)
        if spare is not None:
            working.pop(spare)
        elif free and target.name in long_unready:
            spare = free.pop(0)
        if spare is not None:
            result[target.name] = spare
    return result
