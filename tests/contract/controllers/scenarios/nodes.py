"""Nodes: cordoned, drained, dead and back; pods that find no place.

The nodes are shared by all scenarios: each puts them right again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.contract.controllers.observing import Scene
from tests.contract.kubernetes.objects import MERGE, Object, deployment, pod_spec

PODS, DEPLOYMENTS = "v1/pods", "apps/v1/deployments"
NODE = "/api/v1/nodes/n1"


def cordoned(see: Scene) -> None:
    with _cordon(see):
        see.wait(lambda: bool(_taints(see)), "the taint")
        see.note("taints of a cordoned node", _taints(see))
        see.make(DEPLOYMENTS, deployment("web", 2))
        see.become(PODS, lambda pods: [each["spec"].get("nodeName") for each in pods] == ["n0"] * 2)
    see.wait(lambda: not _taints(see), "no taint")


def drained(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 4))
    see.wait(lambda: len(_on(see, "n0")) + len(_on(see, "n1")) == 4, "all run")
    with _cordon(see):
        see.wait(lambda: bool(_taints(see)), "the taint")
        for pod in _on(see, "n1"):
            meta = {"name": pod, "namespace": see.namespace}
            see.http.post(f"{see.path(PODS, pod)}/eviction", json={"metadata": meta})
        see.wait(lambda: not _on(see, "n1") and len(_on(see, "n0")) == 4, "all on the other node")
        see.become(PODS, lambda pods: len(pods) == 4 and all(each["status"]["phase"] == "Running" for each in pods))


def dead(see: Scene) -> None:
    body = deployment("web", 2)
    quick = [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}
        for key in ("not-ready", "unreachable")
    ]
    spread: Object = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
    spread["labelSelector"] = {"matchLabels": {"app": "web"}}
    body["spec"]["template"]["spec"] |= {"tolerations": quick, "topologySpreadConstraints": [spread]}
    see.make(DEPLOYMENTS, body)
    see.wait(lambda: (len(_on(see, "n0")), len(_on(see, "n1"))) == (1, 1), "one on each")
    try:
        see.plane.set_kubelet("n1", False)
        see.wait(lambda: len(_taints(see)) == 2, "both taints")
        see.note("taints of a dead node", _taints(see))
        see.note("conditions of a dead node", _conditions(see))
        see.wait(lambda: len(_on(see, "n0")) == 2, "its pod's place is taken elsewhere")
        see.become(PODS, lambda pods: len(pods) == 3)
    finally:
        see.plane.set_kubelet("n1", True)
    see.wait(lambda: not _taints(see), "no taint any more")
    see.become(PODS, lambda pods: len(pods) == 2)


def has_a_share_of_addresses(see: Scene) -> None:
    node = see.http.get(NODE).json()
    see.note(
        "networks of a node",
        {"length": node["spec"]["podCIDR"][-3:], "same": node["spec"]["podCIDRs"] == [node["spec"]["podCIDR"]]},
    )


def nowhere_to_go(see: Scene) -> None:
    meta: Object = {"name": "picky", "labels": {"app": "picky"}}
    see.make(PODS, {"metadata": meta, "spec": {**pod_spec(), "nodeSelector": {"disk": "ssd"}}})
    big = pod_spec()
    big["containers"][0]["resources"] = {"requests": {"cpu": "64"}}
    see.make(PODS, {"metadata": {"name": "big"}, "spec": big})
    for name in ("picky", "big"):
        see.wait(partial(_scheduled, see, name), "a reason")
        see.note(f"the reason of {name}", _scheduled(see, name))


def goes_where_it_is_told(see: Scene) -> None:
    see.make(PODS, {"metadata": {"name": "told"}, "spec": {**pod_spec(), "nodeName": "n1"}})
    see.becomes(PODS, "told", lambda pod: pod["status"].get("phase") == "Running")
    see.make(
        PODS, {"metadata": {"name": "chosen"}, "spec": {**pod_spec(), "nodeSelector": {"kubernetes.io/hostname": "n1"}}}
    )
    see.wait(lambda: sorted(_on(see, "n1")) == ["chosen", "told"], "both are there")


@contextmanager
def _cordon(see: Scene) -> Iterator[None]:
    see.http.patch(NODE, json={"spec": {"unschedulable": True}}, headers=MERGE)
    try:
        yield
    finally:
        see.http.patch(NODE, json={"spec": {"unschedulable": None}}, headers=MERGE)


def _taints(see: Scene) -> list[Object]:
    return see.http.get(NODE).json()["spec"].get("taints") or []


def _conditions(see: Scene) -> list[Object]:
    told = see.http.get(NODE).json()["status"]["conditions"]
    return [
        {key: each.get(key) for key in ("type", "status", "reason", "message")}
        for each in told
        if each["type"] in _TOLD
    ]


def _scheduled(see: Scene, name: str) -> Any:
    conditions = (see.read(PODS, name) or {}).get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == "PodScheduled"), None)


def _on(see: Scene, node: str) -> list[str]:
    pods = [each for each in see.found(PODS) if not each["metadata"].get("deletionTimestamp")]
    return [
        each["metadata"]["name"]
        for each in pods
        if each["spec"].get("nodeName") == node and each["status"].get("phase") == "Running"
    ]


_TOLD = ("Ready", "DiskPressure", "MemoryPressure", "PIDPressure")
SCENARIOS = (
    cordoned,
    drained,
    dead,
    has_a_share_of_addresses,
    nowhere_to_go,
    goes_where_it_is_told,
)
