"""What probes tell: whether the last call was answered, and how long it took. Reads only.

The client's readiness is the last call's result; its log tells whether a call was made at all, and how long it took.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from clients.kubernetes.readiness import condition, pod_trouble
from clients.kubernetes.resources import POD
from federation.errors import FlotillaError
from federation.spec.marks import DIGEST, FEDERATION, PEER, PROBE
from federation.state.observed import ObservedTraffic
from providers.contracts import Side
from providers.interconnect.liqo.kinds import Object, dig
from providers.interconnect.liqo.render_probe import CLIENT, ECHO

State = Literal["flows", "blocked", "untried", "idle"]
_LINE = re.compile(r"(\d{1,3}) (\d{1,6}\.\d{1,3})")
_TAIL_LINES = 2
"""A call leaves one line, and one more before it when it failed."""


class Call(NamedTuple):
    """A call as the log has it."""

    answered: bool
    latency_ms: int


def read_traffic(side: Side, namespaces: Iterable[Object]) -> dict[str, ObservedTraffic]:
    """What the probes in these namespaces tell, by provider.

    One list request for all, and one for the log of each client that runs.
    """
    spaces = {str(each["metadata"]["name"]): each for each in namespaces}
    if not spaces:
        return {}
    found = side.kubernetes.list(POD, labels={FEDERATION: side.federation, PROBE: None})
    by_space: dict[str, list[Object]] = {name: [] for name in spaces}
    for pod in found:
        by_space.get(pod["metadata"]["namespace"], []).append(pod)
    return {
        str(dig(space, "metadata", "labels", PEER)): _traffic(side, space, by_space[name])
        for name, space in spaces.items()
    }


def parse_last_call(log: str) -> Call | None:
    """The last call of a client's log; None when there is none.

    ``time`` says in a line of its own that its command failed; where it was ended, the status behind that is 0.
    """
    lines = log.splitlines()
    match = _LINE.fullmatch(lines[-1].strip()) if lines else None
    if match is None:
        return None
    failed = int(match[1]) != 0 or (len(lines) > 1 and lines[-2].startswith("Command "))
    return Call(not failed, round(float(match[2]) * 1000))


def latency_of(call: Call | None) -> int | None:
    """How long a call took, in milliseconds; None when it was not answered: over a lossy link one may get lost."""
    return call.latency_ms if call and call.answered else None


def _traffic(side: Side, space: Object, pods: list[Object]) -> ObservedTraffic:
    digest = str(dig(space, "metadata", "annotations", DIGEST) or "")
    client, echo = _newest(pods, CLIENT), _newest(pods, ECHO)
    if client is None:
        return ObservedTraffic(digest, "idle", message="there is no pod that calls")
    if not _runs(client):
        return _not_running(digest, client)
    call = _last_call(side, client)
    if condition(client, "Ready").get("status") == "True":
        return ObservedTraffic(digest, "flows", latency_of(call))
    if echo is None or not _runs(echo):
        return _not_running(digest, echo) if echo else ObservedTraffic(digest, "idle", message="there is no echo")
    if call is None or call.answered:
        return ObservedTraffic(digest, "untried", message="no call was made yet")
    return ObservedTraffic(digest, "blocked", message=f"see kubectl -n {space['metadata']['name']} describe pods")


def _newest(pods: Iterable[Object], part: str) -> Object | None:
    of_part = [each for each in pods if dig(each, "metadata", "labels", PROBE) == part]
    staying = [each for each in of_part if not dig(each, "metadata", "deletionTimestamp")]
    return max(staying, key=lambda each: str(dig(each, "metadata", "creationTimestamp")), default=None)


def _runs(pod: Object) -> bool:
    """Whether the container is said to run, by a node that still speaks."""
    statuses = dig(pod, "status", "containerStatuses") or ()
    running = any(dig(each, "state", "running") is not None for each in statuses)
    return running and not (_is_lost(pod) and dig(pod, "metadata", "labels", PROBE) == CLIENT)


def _is_lost(pod: Object) -> bool:
    """Whether the pod counts as not ready only because its node is not heard of."""
    return condition(pod, "Ready").get("reason") == "NodeNotReady"


def _not_running(digest: str, pod: Object) -> ObservedTraffic:
    name = dig(pod, "metadata", "labels", PROBE)
    trouble = pod_trouble([pod]) or ("its node is not ready" if _is_lost(pod) else "")
    state: State = "idle" if trouble else "untried"
    return ObservedTraffic(digest, state, message=f"the {name} does not run{f': {trouble}' if trouble else ' yet'}")


def _last_call(side: Side, client: Object) -> Call | None:
    meta: Mapping[str, str] = client["metadata"]
    try:
        return parse_last_call(side.kubernetes.log(meta["name"], meta["namespace"], _TAIL_LINES))
    except FlotillaError:
        return None  # the kubelet does not answer, or the pod is gone: readiness tells all the same
