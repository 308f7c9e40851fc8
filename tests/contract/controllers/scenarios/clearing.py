"""What goes when something else goes: owned objects, and what is in a namespace."""

from __future__ import annotations

from typing import Any

from tests.contract.controllers.observing import Scene
from tests.contract.kubernetes.objects import Object, config_map, deployment

MAPS, DEPLOYMENTS, SETS, PODS = "v1/configmaps", "apps/v1/deployments", "apps/v1/replicasets", "v1/pods"
HOLD = "example.com/hold"


def owned(name: str, *owners: Object, **ref: Any) -> Object:
    """A ConfigMap that belongs to others."""
    body = config_map(name, k="v")
    body["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", **{key: each["metadata"][key] for key in ("name", "uid")}, **ref}
        for each in owners
    ]
    return body


def named(*names: str) -> Any:
    """A condition: of the scenario's ConfigMaps just these are there."""

    def holds(found: list[Object]) -> bool:
        return {each["metadata"]["name"] for each in found} == set(names)

    return holds


def owners_take_along(see: Scene) -> None:
    first = see.make(MAPS, config_map("first", k="v"))
    second = see.make(MAPS, owned("second", first))
    see.make(MAPS, owned("third", second))
    see.make(MAPS, config_map("other", k="v"))
    see.remove(MAPS, "first")
    see.become(MAPS, named("other"))


def one_of_two_owners_goes(see: Scene) -> None:
    owners = [see.make(MAPS, config_map(name, k="v")) for name in ("a", "b")]
    see.make(MAPS, owned("child", *owners))
    see.remove(MAPS, "a")
    see.becomes(MAPS, "child", lambda found: len(found["metadata"]["ownerReferences"]) == 1)
    see.remove(MAPS, "b")
    see.become(MAPS, named())


def owner_that_never_was(see: Scene) -> None:
    ghost = {"metadata": {"name": "ghost", "uid": "00000000-0000-4000-8000-000000000001"}}
    see.make(MAPS, owned("child", ghost))
    see.become(MAPS, named())


def owner_made_again(see: Scene) -> None:
    old = see.make(MAPS, config_map("owner", k="v"))
    see.remove(MAPS, "owner")
    see.wait(lambda: see.read(MAPS, "owner") is None, "the owner goes")
    see.make(MAPS, config_map("owner", k="v"))
    see.make(MAPS, owned("child", old))
    see.become(MAPS, named("owner"))


def foreground(see: Scene) -> None:
    owner = see.make(MAPS, config_map("owner", k="v"))
    child = owned("child", owner, blockOwnerDeletion=True)
    child["metadata"]["finalizers"] = [HOLD]
    see.make(MAPS, child)
    see.make(MAPS, owned("free", owner))
    see.remove(MAPS, "owner", "Foreground")
    see.become(MAPS, lambda found: all(each["metadata"].get("deletionTimestamp") for each in found))
    see.change(MAPS, "child", {"metadata": {"finalizers": None}})
    see.become(MAPS, named())


def foreground_waits_only_for_what_blocks(see: Scene) -> None:
    owner = see.make(MAPS, config_map("owner", k="v"))
    child = owned("child", owner)
    child["metadata"]["finalizers"] = [HOLD]
    see.make(MAPS, child)
    see.remove(MAPS, "owner", "Foreground")
    see.become(MAPS, named("child"))
    see.change(MAPS, "child", {"metadata": {"finalizers": None}})
    see.become(MAPS, named())


def background_does_not_wait(see: Scene) -> None:
    owner = see.make(MAPS, config_map("owner", k="v"))
    child = owned("child", owner, blockOwnerDeletion=True)
    child["metadata"]["finalizers"] = [HOLD]
    see.make(MAPS, child)
    see.remove(MAPS, "owner")
    see.become(MAPS, lambda found: named("child")(found) and "deletionTimestamp" in found[0]["metadata"])
    see.change(MAPS, "child", {"metadata": {"finalizers": None}})
    see.become(MAPS, named())


def orphans(see: Scene) -> None:
    owner = see.make(MAPS, config_map("owner", k="v"))
    see.make(MAPS, owned("child", owner, blockOwnerDeletion=True))
    see.remove(MAPS, "owner", "Orphan")
    see.become(MAPS, lambda found: named("child")(found) and not found[0]["metadata"].get("ownerReferences"))


def deployment_goes(see: Scene) -> None:
    _up(see)
    see.remove(DEPLOYMENTS, "web")
    see.become(SETS, lambda found: not found)
    see.become(PODS, lambda found: not found)


def deployment_goes_in_the_foreground(see: Scene) -> None:
    _up(see)
    see.remove(DEPLOYMENTS, "web", "Foreground")
    see.goes(DEPLOYMENTS, "web")
    see.become(SETS, lambda found: not found)
    see.become(PODS, lambda found: not found)


def deployment_leaves_its_pods(see: Scene) -> None:
    _up(see)
    see.remove(DEPLOYMENTS, "web", "Orphan")
    see.goes(DEPLOYMENTS, "web")
    see.become(SETS, lambda found: len(found) == 1 and not found[0]["metadata"].get("ownerReferences"))
    see.become(PODS, lambda found: len(found) == 1)
    see.make(DEPLOYMENTS, deployment("web", 1))
    see.become(SETS, lambda found: len(found) == 1 and bool(found[0]["metadata"].get("ownerReferences")))


def namespace_is_furnished(see: Scene) -> None:
    see.becomes("v1/serviceaccounts", "default", lambda found: True)
    see.remove("v1/serviceaccounts", "default")
    see.become("v1/serviceaccounts", lambda found: len(found) == 1)
    see.wait(lambda: see.read(MAPS, "kube-root-ca.crt") is not None, "the authority's certificate")
    see.note("keys of kube-root-ca.crt", list((see.read(MAPS, "kube-root-ca.crt") or {})["data"]))
    see.change(MAPS, "kube-root-ca.crt", {"data": {"ca.crt": "other"}})
    see.wait(lambda: (see.read(MAPS, "kube-root-ca.crt") or {})["data"]["ca.crt"] != "other", "the certificate again")


def namespace_goes(see: Scene) -> None:
    _up(see)
    see.make("v1/services", {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    space = f"/api/v1/namespaces/{see.namespace}"
    assert see.http.delete(space).is_success
    see.wait(lambda: see.http.get(space).status_code == 404, "the namespace goes")
    for plural in (MAPS, DEPLOYMENTS, SETS, PODS, "v1/services", "v1/serviceaccounts"):
        see.note(plural, see.found(plural))


def namespace_is_held(see: Scene) -> None:
    _up(see)
    for name, finalizers in (("one", [HOLD]), ("two", [HOLD, "example.com/more"])):
        body = config_map(name, k="v")
        body["metadata"]["finalizers"] = finalizers
        see.make(MAPS, body)
    space = f"/api/v1/namespaces/{see.namespace}"
    see.http.delete(space)

    def left() -> Any:
        conditions = see.http.get(space).json().get("status", {}).get("conditions") or ()
        return next((each["message"] for each in conditions if each["type"] == "NamespaceContentRemaining"), "")

    see.wait(lambda: "configmaps. has 2 resource instances" in left() and "," not in left(), "only the held are left")
    see.note("the namespace", _conditions(see.http.get(space).json()))
    see.become(MAPS, named("one", "two"))
    see.note("a create", _refusal(see))
    see.change(MAPS, "one", {"metadata": {"finalizers": None}})
    see.change(MAPS, "two", {"metadata": {"finalizers": None}})
    see.wait(lambda: see.http.get(space).status_code == 404, "the namespace goes")


def _up(see: Scene) -> None:
    see.make(DEPLOYMENTS, deployment("web", 1))
    see.wait(lambda: (see.read(DEPLOYMENTS, "web") or {}).get("status", {}).get("availableReplicas") == 1, "a replica")


def _conditions(space: Object) -> Object:
    return {"phase": space["status"]["phase"], "conditions": space["status"]["conditions"], "spec": space["spec"]}


def _refusal(see: Scene) -> Object:
    answer = see.http.post(see.path(MAPS), json=config_map("late"))
    return {key: answer.json()[key] for key in ("code", "reason", "details")}


SCENARIOS = (
    owners_take_along,
    one_of_two_owners_goes,
    owner_that_never_was,
    owner_made_again,
    foreground,
    foreground_waits_only_for_what_blocks,
    background_does_not_wait,
    orphans,
    deployment_goes,
    deployment_goes_in_the_foreground,
    deployment_leaves_its_pods,
    namespace_is_furnished,
    namespace_goes,
    namespace_is_held,
)
