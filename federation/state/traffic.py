"""What the probe of a peering says, as a condition: whether traffic flows, whatever control planes believe."""

from __future__ import annotations

from federation.spec.peering import PeeringKey
from federation.state.conditions import Condition, false, true, unknown
from federation.state.observed import ObservedTraffic

TRAFFIC = "TrafficFlows"
_CLASSES_MS = ((100, "100 ms"), (1000, "1 s"), (10_000, "10 s"))
"""So coarse that a message does not change with every call."""


def judge_traffic(key: PeeringKey, traffic: ObservedTraffic | None) -> Condition:
    """True only when a call was answered. Nobody tried, or nobody could: Unknown, with the reason."""
    if traffic is None:
        return unknown(TRAFFIC, "NotProbed", f"no pod of {key.consumer} has called one of {key.provider} yet")
    match traffic.state:
        case "flows":
            return true(TRAFFIC, "Answered", f"{key.provider} answers calls of {key.consumer}{_within(traffic)}")
        case "blocked":
            message = f"calls from {key.consumer} to {key.provider} are not answered"
            return false(TRAFFIC, "NoTraffic", f"{message}; {traffic.message}" if traffic.message else message)
        case "untried":
            return unknown(TRAFFIC, "NotProbed", traffic.message)
        case "idle":
            return unknown(TRAFFIC, "ProbeNotRunning", traffic.message)


def latency(traffic: ObservedTraffic | None) -> dict[str, str]:
    """The measured time of the last call as a fact, which is no condition: it may change with every look."""
    if traffic is None or traffic.latency_ms is None:
        return {}
    return {"latencyMs": str(traffic.latency_ms)}


def _within(traffic: ObservedTraffic) -> str:
    if traffic.latency_ms is None:
        return ""
    return next((f" within {words}" for limit, words in _CLASSES_MS if traffic.latency_ms < limit), " late")
