"""What the status says of a cluster that others make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.judging import judge_federation
from federation.state.making import judge_made_machine
from federation.state.observed import ObservedMachine, Present, Reported
from federation.state.status import ObjectStatus
from tests.unit.judging.test_existing import verdicts_of

QUOTA = Reported("InfrastructureReady", "False", "InstanceCreateFailed", "Quota exceeded for cores")


def the_cluster(look: Any, *machines: ObservedMachine) -> ObjectStatus:
    """The status of one cluster, with these machines."""
    verdicts = verdicts_of({"clusters": {"c": {"made": "elsewhere"}}, "observed": {"c": look}})
    seen = verdicts.context.observed.clusters["c"]
    if machines and isinstance(seen.infrastructure, Present):
        infrastructure = Present(replace(seen.infrastructure.value, machines=machines))
        verdicts.context.observed.clusters["c"] = replace(seen, infrastructure=infrastructure)  # type: ignore[index]  # a dict
    return judge_federation(verdicts).parts[0]


def a_machine(*reported: Reported) -> ObservedMachine:
    """A machine of which these conditions are stated."""
    return ObservedMachine("m1", "id", "worker", "default", "running", reported=reported)


WELL = (Reported("InfrastructureReady", "True", "Ready"), Reported("NodeReady", "True", "NodeReady"))


def test_the_makers_words_reach_the_top() -> None:
    """A machine over quota is told by its maker's reason and message, from the machine up to the cluster."""
    found = the_cluster({"making": {"unsettled": "machine m1 to become a node"}}, a_machine(QUOTA))
    machine = found.parts[0].condition("InfrastructureReady")
    assert machine is not None
    assert (machine.status, machine.reason) == ("False", "InstanceCreateFailed")
    assert "m1: InfrastructureReady: Quota exceeded for cores" in found.summary.message


@pytest.mark.parametrize(
    ("look", "type_", "expected"),
    [
        ({"making": {}}, "MachinesReady", "True AsDesired"),
        ({"making": {"unsettled": "machine m2 to go"}}, "MachinesReady", "False MachinesOnTheirWay"),
        ({"making": {"reported": (QUOTA,)}}, "InfrastructureReady", "False InstanceCreateFailed"),
        ({"foundation": "partial", "making": {"differs": "x"}}, "InfrastructureReady", "False NotYetMade"),
        ({"foundation": "absent"}, "InfrastructureReady", "False ClusterLost"),
        ("dark", "InfrastructureReady", "Unknown Unavailable"),
        ("dark", "MachinesReady", "Unknown Unavailable"),
        ("new", "ControlPlaneAvailable", "False NotYetMade"),
    ],
)
def test_conditions_follow_what_is_seen(look: Any, type_: str, expected: str) -> None:
    """Each state of a making has its words."""
    condition = the_cluster(look, a_machine(*WELL)).condition(type_)
    assert condition is not None
    assert f"{condition.status} {condition.reason}" == expected


def test_what_nobody_stated_is_unknown() -> None:
    """A machine that was just asked for is neither well nor broken."""
    assert judge_made_machine(a_machine()).summary.status == "Unknown"
