"""Conditions of clusters that others make: their makers' words, with reasons and messages unchanged."""

from __future__ import annotations

from collections.abc import Iterable

from federation.state.conditions import Condition, aggregate, false, summary, true, unknown
from federation.state.observed import ObservedMachine, ObservedMaking, Reported
from federation.state.status import ObjectStatus

MACHINE_CONDITIONS = ("InfrastructureReady", "NodeReady")


def told(reported: Iterable[Reported], type_: str) -> Condition | None:
    """A condition of this type as its maker states it; None when it states none."""
    for each in reported:
        if each.type == type_:
            makers = {"True": true, "False": false, "Unknown": unknown}
            return makers[each.status](type_, each.reason, each.message if each.status != "True" else "")
    return None


def judge_made_machine(machine: ObservedMachine) -> ObjectStatus:
    """A machine that others make; what they have not stated yet is Unknown."""
    conditions = [
        told(machine.reported, type_) or unknown(type_, "NotYetReported", "its maker has not said yet")
        for type_ in MACHINE_CONDITIONS
    ]
    up_to_date = told(machine.reported, "UpToDate")
    conditions += [up_to_date] if up_to_date else []
    facts = {"role": machine.role, "pool": machine.pool, "address": machine.address or "", "version": machine.version}
    return ObjectStatus(
        kind="Machine",
        name=machine.name,
        conditions=(*conditions, summary("Ready", conditions)),
        facts={key: value for key, value in facts.items() if value},
    )


def judge_made_machines(machines: tuple[ObjectStatus, ...], making: ObservedMaking | None) -> Condition:
    """All machines at once: what is wrong with them goes before what is still on its way."""
    ready = aggregate("MachinesReady", ((machine.name, machine.summary) for machine in machines))
    if making is None or not machines:
        return false("MachinesReady", "NotYetMade", "no machine was made yet")
    if ready.status != "False" and making.unsettled:
        return false("MachinesReady", "MachinesOnTheirWay", making.unsettled)
    return ready
