"""The data path: whether a request from a pod of one cluster gets an answer from a service, and how late."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.fleet import Fleet, Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.addressing import original
from sandbox.kubernetes.controllers.liqo.controller import member_with_id, remote_id
from sandbox.kubernetes.controllers.liqo.tunnels import obstacle
from sandbox.kubernetes.controllers.pods import is_ready

LOCAL_MS = 0.5
LOST = "the tunnel stands and carries nothing"


class Path(NamedTuple):
    """What became of a request."""

    reached: bool
    latency_ms: float
    why: str
    silent: bool = False
    """Packets vanish on the way: not even a refusal comes back."""


def can_reach(fleet: Fleet, here: Member, namespace: str, service: str, port: int) -> Path:
    """Send one request to a service, as a pod of ``here`` would.

    Returns:
        Whether any ready endpoint answers, the round trip in milliseconds, and otherwise why not.
    """
    found = here.api.get("services", service, namespace)
    if found is None:
        return Path(False, 0.0, f"service {namespace}/{service} does not exist")
    if not any(entry["port"] == port for entry in found["spec"].get("ports") or ()):
        return Path(False, 0.0, f"service {namespace}/{service} has no port {port}")
    slices = here.api.list(names.ENDPOINT_SLICES, namespace, {"kubernetes.io/service-name": service})
    entries = [entry for one in slices for entry in one.get("endpoints") or ()]
    ready = [entry for entry in entries if (entry.get("conditions") or {}).get("ready")]
    path = Path(False, 0.0, f"service {namespace}/{service} has no ready endpoint")
    for entry in ready:
        path = _to(fleet, here, entry["addresses"][0])
        if path.reached:
            break
    return path


def _to(fleet: Fleet, here: Member, address: str) -> Path:
    if _pod_at(here, address):
        return Path(True, LOCAL_MS, "")
    for configuration in here.api.list(names.CONFIGURATIONS):
        inner = original(configuration, address)
        cid = remote_id(configuration)
        there = member_with_id(fleet, cid)
        if there is None or not _pod_at(there, inner):
            continue
        why = obstacle(fleet, here, there, cid)
        if why is None and not fleet.carries(here.uid, there.uid):
            why = LOST
        if why is None:
            return Path(True, fleet.latency_ms(here.uid, there.uid) + LOCAL_MS, "")
        return Path(False, 0.0, why, silent=True)
    return Path(False, 0.0, f"no pod answers at {address}")


def _pod_at(member: Member, address: str) -> Object | None:
    for pod in member.api.list("pods"):
        local = names.SHADOW_POD not in (pod["metadata"].get("labels") or {}) or _is_twin(pod)
        if local and (pod.get("status") or {}).get("podIP") == address and is_ready(pod):
            return pod
    return None


def _is_twin(pod: Object) -> bool:
    return any(ref["kind"] == "ShadowPod" for ref in pod["metadata"].get("ownerReferences") or ())
