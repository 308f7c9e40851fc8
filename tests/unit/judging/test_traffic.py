"""Whether traffic flows, as a condition of a peering and of everything above it."""

from __future__ import annotations

from typing import Any

import pytest

from federation.judging import Verdicts, judge_federation
from federation.planning.guards import Policy, admit
from federation.planning.planner import plan_federation
from federation.spec.peering import PeeringKey
from federation.state.observed import ObservedTraffic
from federation.state.status import ObjectStatus
from federation.state.traffic import judge_traffic
from tests.unit.planning.short import a_case

KEY = PeeringKey("a", "b")
LOOKS = {
    "a->b flows": ("True Answered", "True AsDesired"),
    "a->b blocked": ("False NoTraffic", "False NoTraffic"),
    "a->b untried": ("Unknown NotProbed", "Unknown NotProbed"),
    "a->b idle": ("Unknown ProbeNotRunning", "Unknown ProbeNotRunning"),
    "a->b": ("Unknown NotProbed", "Unknown NotProbed"),
}


def the_peering(look: Any, **spec: Any) -> ObjectStatus:
    """The status of a->b, whose modules are all established."""
    given: dict[str, Any] = {"clusters": {"a": {"workers": 0}, "b": {"workers": 0}}}
    given |= {"peerings": [{"consumer": "a", "provider": "b"}], "observed": {"a": look, "b": "converged"}, **spec}
    context = a_case(given)
    root = judge_federation(Verdicts(context, admit(plan_federation(context), context, Policy())))
    return next(part for part in root.parts if part.kind == "Peering")


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_a_peering_is_ready_when_traffic_flows(look: str):
    """Liqo's modules are established throughout; the peering is what its calls are."""
    peering = the_peering({"directions": [look]})
    traffic = peering.condition("TrafficFlows")
    assert traffic is not None
    assert (f"{traffic.status} {traffic.reason}", f"{peering.summary.status} {peering.summary.reason}") == LOOKS[look]
    assert peering.condition("NetworkReady").status == "True"  # type: ignore[union-attr]  # it is always stated


def test_without_a_probe_nothing_is_said_of_traffic():
    """The peering is ready by Liqo's word."""
    peering = the_peering({"directions": ["a->b"]}, probe={"enabled": False})
    assert peering.condition("TrafficFlows") is None
    assert peering.summary.status == "True"


@pytest.mark.parametrize(("look", "words"), [("dark", "Unknown Unavailable"), ("new", "False NotYetMade")])
def test_a_consumer_that_cannot_be_read_is_unknown(look: str, words: str):
    """As all of the peering is."""
    traffic = the_peering(look).condition("TrafficFlows")
    assert traffic is not None
    assert f"{traffic.status} {traffic.reason}" == words


@pytest.mark.parametrize(
    ("latency_ms", "words"), [(0, "100 ms"), (99, "100 ms"), (100, "1 s"), (6000, "10 s"), (60_000, "late")]
)
def test_the_message_is_coarse(latency_ms: int, words: str):
    """So that it does not change with every call; the number itself is a fact."""
    assert judge_traffic(KEY, ObservedTraffic("x", "flows", latency_ms)).message.endswith(words)
