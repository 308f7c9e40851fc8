"""How far Cluster API has come with a cluster: its conditions, its machines, and what is still on its way.

Source: Cluster API v1.14, api/core/v1beta2 (conditions and reasons of Cluster, MachineDeployment and Machine); the
contract of control-plane providers, whose older versions write ``updatedReplicas`` where newer ones have
``upToDateReplicas``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, cast

from federation.spec.machines import CONTROL_PLANE_POOL
from federation.spec.marks import POOL
from federation.state.observed import MachineState, ObservedMachine, Reported
from providers.infrastructure.cluster_api.place import CONTROL_PLANE, Json, Place
from providers.infrastructure.cluster_api.showing import Shown

_STATES: dict[str, MachineState] = {"Running": "running", "Updating": "running"}
_STATES |= {"Deleting": "deleting", "Deleted": "deleting", "Failed": "failed"}
_OF_CLUSTER = ("InfrastructureReady", "ControlPlaneAvailable", "WorkersAvailable", "RemoteConnectionProbe")
_OF_MACHINE = ("InfrastructureReady", "BootstrapConfigReady", "NodeReady", "UpToDate")
FAILURES = frozenset(
    {"InstanceCreateFailed", "InstanceStateError", "InstanceDeleted", "InvalidMachineSpec", "OpenStackError"}
)
"""Reasons of machines that only somebody outside can end. Source: cluster-api-provider-openstack v0.14, conditions."""
_TRUTH = ("True", "False", "Unknown")


def conditions(obj: Json | None, types: Iterable[str]) -> tuple[Reported, ...]:
    """Conditions of these types that an object has."""
    found = {each["type"]: each for each in ((obj or {}).get("status") or {}).get("conditions") or ()}
    return tuple(_reported(found[type_]) for type_ in types if type_ in found)


def _reported(condition: Json) -> Reported:
    status = condition["status"] if condition["status"] in _TRUTH else "Unknown"
    truth = cast(Literal["True", "False", "Unknown"], status)
    message = " ".join(str(condition.get("message", "")).split())
    return Reported(condition["type"], truth, condition.get("reason") or "NotYetReported", message)


def of_cluster(shown: Shown) -> tuple[Reported, ...]:
    """What is stated of the whole cluster."""
    return conditions(shown.whole, _OF_CLUSTER)


def machines(shown: Shown) -> tuple[ObservedMachine, ...]:
    """Its machines, by name."""
    return tuple(sorted((_machine(each) for each in shown.machines), key=lambda machine: machine.name))


def _machine(machine: Json) -> ObservedMachine:
    meta, status = machine["metadata"], machine.get("status") or {}
    labels = meta.get("labels") or {}
    told = {each["type"]: each["address"] for each in status.get("addresses") or ()}
    return ObservedMachine(
        name=meta["name"],
        id=machine["spec"].get("providerID") or meta["uid"],
        role="control-plane" if CONTROL_PLANE in labels else "worker",
        pool=labels.get(POOL, CONTROL_PLANE_POOL if CONTROL_PLANE in labels else ""),
        state="deleting" if meta.get("deletionTimestamp") else _STATES.get(status.get("phase", ""), "building"),
        address=told.get("ExternalIP") or told.get("InternalIP"),
        private_address=told.get("InternalIP"),
        reported=conditions(machine, _OF_MACHINE),
        version=str(machine["spec"].get("version") or "") if status.get("nodeRef") else "",
    )


def failure(shown: Shown) -> Reported | None:
    """What keeps a machine from being made, with the machine's name before the message; None when nothing does."""
    for machine in shown.machines:
        for each in conditions(machine, ("InfrastructureReady",)):
            if each.status == "False" and each.reason in FAILURES:
                message = f"machine {machine['metadata']['name']}: {each.message or each.reason}"
                return Reported(each.type, each.status, each.reason, message)
    return None


def unsettled(shown: Shown, place: Place) -> str:
    """What is still on its way, first things first; empty when every machine is there, ready and up to date."""
    return next(_on_the_way(shown, place), "")


def _on_the_way(shown: Shown, place: Place) -> Iterator[str]:
    for obj, count in _owners(shown, place):
        yield from _behind(obj, count)
    for machine in shown.machines:
        yield from _not_ready(machine, place)


def _owners(shown: Shown, place: Place) -> Iterator[tuple[Json, int]]:
    if shown.control_plane:
        yield shown.control_plane, place.cluster.control_plane.count
    counts = {place.pool(pool.name): pool.count for pool in place.cluster.workers}
    for each in shown.deployments:
        yield each, counts.get(each["metadata"]["name"], 0)


def _behind(owner: Json, count: int) -> Iterator[str]:
    name, status = f"{owner['kind']} {owner['metadata']['name']}", owner.get("status") or {}
    if int(status.get("observedGeneration") or 0) < int(owner["metadata"].get("generation") or 0):
        yield f"the controller of {name} to look at it"
    for word, found in _counts(status).items():
        if found != count:
            yield f"{name}: {found} of {count} machines {word}"


def _counts(status: dict[str, Any]) -> dict[str, int]:
    updated = status.get("upToDateReplicas", status.get("updatedReplicas"))
    counts = {"there": status.get("replicas") or 0, "ready": status.get("readyReplicas") or 0}
    return counts if updated is None else counts | {"up to date": updated}


def _not_ready(machine: Json, place: Place) -> Iterator[str]:
    name, status = machine["metadata"]["name"], machine.get("status") or {}
    if machine["metadata"].get("deletionTimestamp"):
        yield f"machine {name} to go"
    elif machine["spec"].get("version") not in (None, place.cluster.built_with.version):
        yield f"machine {name} to be replaced"
    elif not (status.get("nodeRef") or {}).get("name"):
        yield f"machine {name} to become a node"
