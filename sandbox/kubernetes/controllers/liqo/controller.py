"""What Liqo's control loops have in common: they run while Liqo does, and they know this cluster's id and its peers."""

from __future__ import annotations

from typing import ClassVar

from sandbox.kubernetes.api import Api, Object
from sandbox.kubernetes.controllers.controller import Controller, Gate
from sandbox.kubernetes.controllers.fleet import Fleet, Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.objects import annotations_of, condition, labels_of


def cluster_id(api: Api) -> str:
    """The id under which Liqo knows a cluster; empty while Liqo is not installed."""
    found = api.get("configmaps", names.CONFIGMAP, names.NAMESPACE)
    return str(((found or {}).get("data") or {}).get("CLUSTER_ID") or "")


def member_with_id(fleet: Fleet, cid: str) -> Member | None:
    """The cluster with this Liqo id."""
    return next((member for member in fleet.members() if cluster_id(member.api) == cid), None)


def tenant_namespace(api: Api, cid: str) -> str:
    """The namespace for a peer; empty unless there is exactly one."""
    labels = {names.REMOTE_ID: cid, names.TENANT_NAMESPACE: "true"}
    found = api.list("namespaces", None, labels)
    return str(found[0]["metadata"]["name"]) if len(found) == 1 else ""


def remote_id(obj: Object) -> str:
    """The peer that an object is about."""
    return labels_of(obj).get(names.REMOTE_ID, "")


def available(api: Api, deployment: str, namespace: str) -> bool:
    """Whether a Deployment has a ready pod."""
    found = api.get(names.DEPLOYMENTS, deployment, namespace)
    return bool(found and (found.get("status") or {}).get("readyReplicas"))


def is_dead(api: Api, cid: str) -> bool:
    """Whether a peer was declared unreachable for good and is not seen alive."""
    foreign = api.get(names.FOREIGN_CLUSTERS, cid)
    if foreign is None or annotations_of(foreign).get(names.DEAD, "").lower() != "true":
        return False
    status = condition(foreign, "APIServerStatus")
    return status is None or status["status"] != "Established"


def manager_flag(api: Api, flag: str) -> str:
    """The value of a command-line flag of the controller manager, empty when it is not set; ``--a b`` and ``--a=b``."""
    deployment = api.get(names.DEPLOYMENTS, names.MANAGER[1], names.NAMESPACE) or {}
    spec = deployment.get("spec", {}).get("template", {}).get("spec", {})
    for container in spec.get("containers") or ():
        words = [str(word) for word in container.get("args") or ()]
        for word, following in zip(words, (*words[1:], ""), strict=False):
            if word.startswith(f"--{flag}="):
                return word.partition("=")[2]
            if word == f"--{flag}":
                return following
    return ""


def duration_s(text: str) -> float:
    """Seconds of a duration as Go writes it, of one unit; 0 for anything else."""
    number, unit = text[:-1], text[-1:]
    seconds = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(unit)
    return float(number) * seconds if seconds and number.isdigit() else 0.0


class LiqoController(Controller):
    """A loop of the controller manager."""

    gate: ClassVar[Gate | None] = names.MANAGER

    @property
    def cid(self) -> str:
        """This cluster's id."""
        return cluster_id(self.api)

    def peer(self, cid: str) -> Member | None:
        """The cluster with an id, whose changes are heard of from now on."""
        member = member_with_id(self.fleet, cid)
        if member is not None:
            self.manager.follow(member)
        return member
