"""Tables and metadata-only views. Source: kubernetes.io, "Kubernetes API Concepts, Receiving resources as Tables"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import PRODUCED, not_acceptable
from sandbox.kubernetes.kinds.paths import look
from sandbox.kubernetes.resource import Resource

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_TABLE_GROUP = "meta.k8s.io/v1"
_VIEWS = {"Table", "PartialObjectMetadata", "PartialObjectMetadataList", ""}
Cell = Callable[[Object], Any]


def age(obj: Object) -> str:
    """Time since creation, short."""
    created = look(obj, "metadata.creationTimestamp")
    return since(created) if created else "<unknown>"


def since(moment: str) -> str:
    """Time since a moment, in its largest unit."""
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(moment.replace("Z", "+00:00"))).total_seconds())
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), ("s", 1))
    return f"{seconds // size}{unit}"


def at(path: str, missing: Any = "<none>") -> Cell:
    """A cell that shows the value at a path."""

    def cell(obj: Object) -> Any:
        value = look(obj, path)
        return missing if value in (None, "", []) else value

    return cell


def _count(path: str) -> Cell:
    return lambda obj: len(look(obj, path) or {})


def _containers_ready(pod: Object) -> str:
    statuses = look(pod, "status.containerStatuses") or []
    total = len(look(pod, "spec.containers") or [])
    return f"{sum(1 for container in statuses if container.get('ready'))}/{total}"


def _pod_status(pod: Object) -> str:
    if look(pod, "metadata.deletionTimestamp"):
        return "Terminating"
    for container in look(pod, "status.containerStatuses") or []:
        for state in ("waiting", "terminated"):
            if reason := look(container, f"state.{state}.reason"):
                return str(reason)
    return str(look(pod, "status.reason") or look(pod, "status.phase") or "Unknown")


def _restarts(pod: Object) -> int:
    return sum(container.get("restartCount", 0) for container in look(pod, "status.containerStatuses") or [])


def _ready_of(ready: str, wanted: str) -> Cell:
    return lambda obj: f"{look(obj, ready) or 0}/{look(obj, wanted) or 0}"


def _node_status(node: Object) -> str:
    ready = next((c for c in look(node, "status.conditions") or [] if c["type"] == "Ready"), {"status": "Unknown"})
    told = "Ready" if ready["status"] == "True" else "NotReady"
    return told + (",SchedulingDisabled" if look(node, "spec.unschedulable") else "")


def _node_roles(node: Object) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = look(node, "metadata.labels") or {}
    return ",".join(sorted(key[len(prefix) :] for key in labels if key.startswith(prefix))) or "<none>"


def _ports(service: Object) -> str:
    told = []
    for port in look(service, "spec.ports") or []:
        node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
        told.append(f"{port.get('port')}{node_port}/{port.get('protocol')}")
    return ",".join(told) or "<none>"


def _external(service: Object) -> str:
    if look(service, "spec.type") != "LoadBalancer":
        return ",".join(look(service, "spec.externalIPs") or []) or "<none>"
    given = [entry.get("ip") or entry.get("hostname") for entry in look(service, "status.loadBalancer.ingress") or []]
    return ",".join(given) or "<pending>"


def _gates(pod: Object) -> str:
    wanted = look(pod, "spec.readinessGates") or []
    true = {each.get("type") for each in look(pod, "status.conditions") or [] if each.get("status") == "True"}
    met = sum(1 for gate in wanted if gate.get("conditionType") in true)
    return f"{met}/{len(wanted)}" if wanted else "<none>"


def _node_address(kind: str) -> Cell:
    def cell(node: Object) -> str:
        addresses = look(node, "status.addresses") or []
        return next((str(each["address"]) for each in addresses if each.get("type") == kind), "<none>")

    return cell


def _pairs(path: str) -> Cell:
    return lambda obj: ",".join(f"{key}={value}" for key, value in sorted((look(obj, path) or {}).items())) or "<none>"


def _of_containers(field: str) -> Cell:
    return lambda obj: ",".join(c.get(field, "") for c in look(obj, "spec.template.spec.containers") or [])


class Column(NamedTuple):
    """One column; those of a higher priority are only shown in wide output."""

    name: str
    type: str
    cell: Cell
    priority: int = 0


def _wide(name: str, cell: Cell) -> Column:
    return Column(name, "string", cell, 1)


_AGE = Column("Age", "string", age)
_TEMPLATE = (_wide("Containers", _of_containers("name")), _wide("Images", _of_containers("image")))
_COLUMNS: dict[str, tuple[Column | tuple[str, str, Cell], ...]] = {
    "pods": (
        ("Ready", "string", _containers_ready),
        ("Status", "string", _pod_status),
        ("Restarts", "string", lambda pod: str(_restarts(pod))),
        _AGE,
        _wide("IP", at("status.podIP")),
        _wide("Node", at("spec.nodeName")),
        _wide("Nominated Node", at("status.nominatedNodeName")),
        _wide("Readiness Gates", _gates),
    ),
    "nodes": (
        ("Status", "string", _node_status),
        ("Roles", "string", _node_roles),
        _AGE,
        ("Version", "string", at("status.nodeInfo.kubeletVersion")),
        _wide("Internal-IP", _node_address("InternalIP")),
        _wide("External-IP", _node_address("ExternalIP")),
        _wide("OS-Image", at("status.nodeInfo.osImage", "<unknown>")),
        _wide("Kernel-Version", at("status.nodeInfo.kernelVersion", "<unknown>")),
        _wide("Container-Runtime", at("status.nodeInfo.containerRuntimeVersion", "<unknown>")),
    ),
    "namespaces": (("Status", "string", at("status.phase")), _AGE),
    "services": (
        ("Type", "string", at("spec.type")),
        ("Cluster-IP", "string", at("spec.clusterIP")),
        ("External-IP", "string", _external),
        ("Port(s)", "string", _ports),
        _AGE,
        _wide("Selector", _pairs("spec.selector")),
    ),
    "deployments.apps": (
        ("Ready", "string", _ready_of("status.readyReplicas", "spec.replicas")),
        ("Up-to-date", "integer", at("status.updatedReplicas", 0)),
        ("Available", "integer", at("status.availableReplicas", 0)),
        _AGE,
        *_TEMPLATE,
        _wide("Selector", _pairs("spec.selector.matchLabels")),
    ),
    "statefulsets.apps": (
        ("Ready", "string", _ready_of("status.readyReplicas", "spec.replicas")),
        _AGE,
        *_TEMPLATE,
    ),
    "replicasets.apps": (
        ("Desired", "integer", at("spec.replicas", 0)),
        ("Current", "integer", at("status.replicas", 0)),
        ("Ready", "integer", at("status.readyReplicas", 0)),
        _AGE,
        *_TEMPLATE,
        _wide("Selector", _pairs("spec.selector.matchLabels")),
    ),
    "daemonsets.apps": (
        ("Desired", "integer", at("status.desiredNumberScheduled", 0)),
        ("Current", "integer", at("status.currentNumberScheduled", 0)),
        ("Ready", "integer", at("status.numberReady", 0)),
        ("Up-to-date", "integer", at("status.updatedNumberScheduled", 0)),
        ("Available", "integer", at("status.numberAvailable", 0)),
        ("Node Selector", "string", _pairs("spec.template.spec.nodeSelector")),
        _AGE,
        *_TEMPLATE,
        _wide("Selector", _pairs("spec.selector.matchLabels")),
    ),
    "configmaps": (("Data", "integer", _count("data")), _AGE),
    "secrets": (("Type", "string", at("type")), ("Data", "integer", _count("data")), _AGE),
    "customresourcedefinitions.apiextensions.k8s.io": (("Created At", "string", at("metadata.creationTimestamp")),),
}


def _columns(resource: Resource) -> list[Column]:
    name = Column("Name", "string", at("metadata.name"))
    if resource.custom:
        declared = [
            Column(each["name"], each["type"], at(each["jsonPath"].lstrip("."), None), each.get("priority", 0))
            for each in resource.printer_columns
        ]
        return [name, *(declared or [_AGE])]
    return [name, *(Column(*row) for row in _COLUMNS.get(resource.key, (_AGE,)))]


def as_table(resource: Resource, objects: list[Object], metadata: Object, include: str) -> Object:
    """A Table of objects; ``include`` is ``Metadata``, ``Object`` or ``None``."""
    columns = _columns(resource)
    return {
        "kind": "Table",
        "apiVersion": _TABLE_GROUP,
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": column.name,
                "type": column.type,
                "format": "name" if column.name == "Name" else "",
                "description": "",
                "priority": column.priority,
            }
            for column in columns
        ],
        "rows": [
            {"cells": [_shown(column.type, column.cell(obj)) for column in columns], "object": _included(obj, include)}
            for obj in objects
        ],
    }


def _shown(kind: str, value: Any) -> Any:
    return since(value) if kind == "date" and isinstance(value, str) else value


def _included(obj: Object, include: str) -> Object | None:
    if include == "Object":
        return obj
    return None if include == "None" else as_partial(obj)


def as_partial(obj: Object) -> Object:
    """Metadata only."""
    return {"kind": "PartialObjectMetadata", "apiVersion": _TABLE_GROUP, "metadata": obj["metadata"]}


def as_partial_list(objects: list[Object], metadata: Object) -> Object:
    """A list of metadata only."""
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": _TABLE_GROUP,
        "metadata": metadata,
        "items": [as_partial(obj) for obj in objects],
    }


def view_of(accept: str) -> str:
    """Which view an Accept header prefers: ``Table``, ``PartialObjectMetadata``, its list, or nothing for objects.

    Raises:
        ApiError: 406 when it takes nothing that there is.
    """
    for entry in accept.split(","):
        media_type, *parameters = [part.strip() for part in entry.split(";")]
        wanted = dict(part.split("=", 1) for part in parameters if "=" in part).get("as", "")
        if media_type in PRODUCED and wanted in _VIEWS:
            return wanted
    raise not_acceptable()


def render_event(resource: Resource, view: str, include: str) -> Callable[[bytes], bytes] | None:
    """How objects of watch events are shown in a view; None for as they are."""
    if view == "Table":
        return lambda body: _encoded(as_table(resource, [orjson.loads(body)], {}, include))
    if view.startswith("PartialObjectMetadata"):
        return lambda body: _encoded(as_partial(orjson.loads(body)))
    return None


def _encoded(value: Object) -> bytes:
    encoded: bytes = orjson.dumps(value)
    return encoded
