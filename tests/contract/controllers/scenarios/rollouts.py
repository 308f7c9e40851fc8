"""Deployments: replica sets, revisions, availability, the reasons of a rollout that does not end."""

from __future__ import annotations

from typing import Any

from tests.contract.controllers.observing import Scene
from tests.contract.kubernetes.objects import Object, deployment

DEPLOYMENTS, SETS, PODS = "apps/v1/deployments", "apps/v1/replicasets", "v1/pods"


def reason(kind: str, wanted: str) -> Any:
    """A condition: the named condition of a deployment has a reason."""

    def holds(found: Object) -> bool:
        conditions = (found.get("status") or {}).get("conditions") or ()
        return any((each["type"], each.get("reason")) == (kind, wanted) for each in conditions)

    return holds


def available(count: int) -> Any:
    """A condition: that many replicas are available, and no other is there."""

    def holds(found: Object) -> bool:
        status = found.get("status") or {}
        observed = status.get("observedGeneration") == found["metadata"]["generation"]
        counts = [status.get(key, 0) for key in ("availableReplicas", "updatedReplicas", "replicas")]
        return observed and counts == [count] * 3

    return holds


def image(name: str) -> Object:
    return {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": name}]}}}}


def sized(*sizes: int) -> Any:
    """A condition: replica sets of these sizes have the pods they want."""

    def holds(found: list[Object]) -> bool:
        made = sorted(each.get("status", {}).get("replicas", 0) for each in found)
        return made == sorted(each["spec"]["replicas"] for each in found) == sorted(sizes)

    return holds


def comes_up(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 3))
    see.becomes(DEPLOYMENTS, "web", available(3))
    see.become(SETS, sized(3))
    see.become(PODS, lambda pods: len(pods) == 3 and all(each["status"].get("phase") == "Running" for each in pods))


def is_scaled(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 1))
    see.becomes(DEPLOYMENTS, "web", available(1))
    for count in (4, 2, 0, 1):
        see.change(DEPLOYMENTS, "web", {"spec": {"replicas": count}})
        see.becomes(DEPLOYMENTS, "web", available(count))
        see.become(SETS, sized(count))
    see.become(PODS, lambda pods: len(pods) == 1)


def is_scaled_by_its_subresource(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 1))
    see.wait(lambda: available(1)(see.read(DEPLOYMENTS, "web")), "one replica")
    see.change(DEPLOYMENTS, "web", {"spec": {"replicas": 2}}, "scale")
    see.becomes(DEPLOYMENTS, "web", available(2))


def rolls_out_and_back(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 4))
    see.wait(lambda: available(4)(see.read(DEPLOYMENTS, "web")), "four replicas")
    for name in ("nginx:2", "nginx:1.25", "nginx:2"):
        see.change(DEPLOYMENTS, "web", image(name))
        see.becomes(DEPLOYMENTS, "web", available(4))
        see.become(SETS, sized(0, 4))
    see.become(PODS, lambda pods: len(pods) == 4)


def forgets_old_revisions(see: Scene) -> None:
    body = deployment("web", 1)
    body["spec"]["revisionHistoryLimit"] = 1
    see.make(DEPLOYMENTS, body)
    see.wait(lambda: available(1)(see.read(DEPLOYMENTS, "web")), "one replica")
    for number in range(2, 5):
        see.change(DEPLOYMENTS, "web", image(f"nginx:{number}"))
        see.becomes(DEPLOYMENTS, "web", available(1))
    see.become(SETS, sized(0, 1))


def is_held_up_by_a_broken_image(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 4))
    see.wait(lambda: available(4)(see.read(DEPLOYMENTS, "web")), "four replicas")
    see.change(DEPLOYMENTS, "web", image("fail-pull:1"))
    see.become(SETS, sized(2, 3))
    see.becomes(DEPLOYMENTS, "web", lambda found: found["status"].get("unavailableReplicas") == 2)
    see.change(DEPLOYMENTS, "web", image("nginx:1.25"))
    see.becomes(DEPLOYMENTS, "web", available(4))
    see.become(SETS, sized(0, 4))


def never_comes_up(see: Scene) -> None:
    body = deployment("web", 2)
    body["spec"] |= {"progressDeadlineSeconds": 2}
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "fail-pull:1"
    see.make(DEPLOYMENTS, body)
    see.becomes(DEPLOYMENTS, "web", reason("Progressing", "ProgressDeadlineExceeded"))
    see.become(SETS, sized(2))
    see.change(DEPLOYMENTS, "web", image("nginx:1.25"))
    see.becomes(DEPLOYMENTS, "web", available(2))


def is_recreated(see: Scene) -> None:
    body = deployment("web", 2)
    body["spec"]["strategy"] = {"type": "Recreate"}
    see.make(DEPLOYMENTS, body)
    see.becomes(DEPLOYMENTS, "web", available(2))
    see.change(DEPLOYMENTS, "web", image("fail-pull:1"))
    see.become(SETS, sized(0, 2))
    see.becomes(DEPLOYMENTS, "web", lambda found: found["status"].get("unavailableReplicas") == 2)


def is_paused(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 1))
    see.wait(lambda: available(1)(see.read(DEPLOYMENTS, "web")), "one replica")
    see.change(DEPLOYMENTS, "web", {"spec": {"paused": True}})
    see.becomes(DEPLOYMENTS, "web", reason("Progressing", "DeploymentPaused"))
    see.change(DEPLOYMENTS, "web", {**image("nginx:2"), "metadata": {"labels": {"seen": "yes"}}})
    see.change(DEPLOYMENTS, "web", {"spec": {"replicas": 3}})
    see.becomes(DEPLOYMENTS, "web", lambda found: found["status"].get("availableReplicas") == 3)
    see.become(SETS, sized(3))
    see.change(DEPLOYMENTS, "web", {"spec": {"paused": None}})
    see.becomes(DEPLOYMENTS, "web", available(3))
    see.become(SETS, sized(0, 3))


def makes_its_set_again(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 2))
    see.wait(lambda: available(2)(see.read(DEPLOYMENTS, "web")), "two replicas")
    (old,) = see.found(SETS)
    see.remove(SETS, old["metadata"]["name"])
    see.wait(lambda: all(each["metadata"]["uid"] != old["metadata"]["uid"] for each in see.found(SETS)), "the set goes")
    see.becomes(DEPLOYMENTS, "web", available(2))
    see.become(SETS, sized(2))


def lets_go_of_a_pod_with_another_label(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 2))
    see.wait(lambda: available(2)(see.read(DEPLOYMENTS, "web")), "two replicas")
    pod = see.found(PODS)[0]["metadata"]["name"]
    see.change(PODS, pod, {"metadata": {"labels": {"app": "other"}}})
    see.become(PODS, lambda pods: len(pods) == 3)
    see.becomes(DEPLOYMENTS, "web", available(2))
    see.change(PODS, pod, {"metadata": {"labels": {"app": "web"}}})
    see.become(PODS, lambda pods: len(pods) == 2)


def waits_until_pods_are_old_enough(see: Scene) -> None:
    body = deployment("web", 1)
    body["spec"]["minReadySeconds"] = 3
    see.make(DEPLOYMENTS, body)
    see.becomes(DEPLOYMENTS, "web", lambda found: found.get("status", {}).get("readyReplicas") == 1)
    see.becomes(DEPLOYMENTS, "web", available(1))


SCENARIOS = (
    comes_up,
    is_scaled,
    is_scaled_by_its_subresource,
    rolls_out_and_back,
    forgets_old_revisions,
    is_held_up_by_a_broken_image,
    never_comes_up,
    is_recreated,
    is_paused,
    makes_its_set_again,
    lets_go_of_a_pod_with_another_label,
    waits_until_pods_are_old_enough,
)
