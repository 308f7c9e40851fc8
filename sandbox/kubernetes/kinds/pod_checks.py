"""Checks of pods and of pods' templates. Source: k8s.io/kubernetes/pkg/apis/core/validation, v1.36."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import (
    Cause,
    duplicate,
    forbidden_field,
    invalid_value,
    not_supported,
    required,
)
from sandbox.kubernetes.kinds.paths import holders, look
from sandbox.kubernetes.names import label_value_words, label_words

MAX_PORT = 65535
PORT_WORDS = "must be between 1 and 65535, inclusive"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_ENUMS = (
    ("restartPolicy", ("Always", "OnFailure", "Never")),
    ("dnsPolicy", ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")),
    ("containers[].imagePullPolicy", ("Always", "IfNotPresent", "Never")),
    ("containers[].ports[].protocol", ("SCTP", "TCP", "UDP")),
    ("tolerations[].operator", ("Equal", "Exists")),
)
_ORDERED = {"restartPolicy"}
_UNITS = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


def check_enums(obj: Object, rows: tuple[tuple[str, tuple[str, ...]], ...], prefix: str) -> Iterator[Cause]:
    """Values outside of their enumeration."""
    for path, allowed in rows:
        shown = list(allowed) if path in _ORDERED or path.endswith("[]") else sorted(allowed)
        if path.endswith("[]"):
            for index, value in enumerate(look(obj, path[:-2]) or []):
                if value not in allowed:
                    yield not_supported(f"{prefix}{path[:-2]}[{index}]", value, shown)
            continue
        for node, name, where in holders(obj, path):
            if node.get(name) is not None and node[name] not in allowed:
                yield not_supported(prefix + where, node[name], shown)


def check_pod_spec(pod: Object, where: str, claimed: Collection[str] = ()) -> Iterator[Cause]:
    """Every cause for which the spec of a pod is refused; ``claimed`` are volumes that are added to it later."""
    if not pod.get("containers"):
        yield required(f"{where}.containers")
    yield from check_enums(pod, _ENUMS, f"{where}.")
    yield from _check_volumes(pod, where)
    for value in (pod.get("nodeSelector") or {}).values():
        if words := label_value_words(value):
            yield invalid_value(f"{where}.nodeSelector", value, words)
    volumes = {*claimed, *(volume.get("name") for volume in pod.get("volumes") or [])}
    for group in ("initContainers", "containers"):
        names: set[str] = set()
        for index, container in enumerate(pod.get(group) or []):
            here = f"{where}.{group}[{index}]"
            if container.get("name") in names:
                yield duplicate(f"{here}.name", container["name"])
            names.add(container.get("name", ""))
            yield from _check_container(container, here, volumes)


def _check_volumes(pod: Object, where: str) -> Iterator[Cause]:
    names: set[str] = set()
    for index, volume in enumerate(pod.get("volumes") or []):
        here = f"{where}.volumes[{index}]"
        if volume.get("name") in names:
            yield duplicate(f"{here}.name", volume["name"])
        names.add(volume.get("name", ""))
        for source in [key for key in volume if key != "name"][1:]:
            yield forbidden_field(f"{here}.{source}", "may not specify more than 1 volume type")


def _check_container(container: Object, here: str, volumes: set[Any]) -> Iterator[Cause]:
    if container.get("name") and (words := label_words(container["name"])):
        yield invalid_value(f"{here}.name", container["name"], words)
    if not container.get("image"):
        yield required(f"{here}.image")
    for index, mount in enumerate(container.get("volumeMounts") or []):
        if mount.get("name") not in volumes:
            name = mount.get("name", "")
            yield Cause("FieldValueNotFound", f'Not found: "{name}"', f"{here}.volumeMounts[{index}].name")
    for group, field in (("ports", "containerPort"), ("env", "name")):
        for index, item in enumerate(container.get(group) or []):
            if not item.get(field):
                yield required(f"{here}.{group}[{index}].{field}")
    yield from _check_probes(container, here)
    yield from _check_resources(container.get("resources") or {}, f"{here}.resources")


def _check_probes(container: Object, here: str) -> Iterator[Cause]:
    for probe in _PROBES:
        for how in ("httpGet", "tcpSocket"):
            action = look(container, f"{probe}.{how}")
            port = action.get("port", 0) if isinstance(action, dict) else 1
            if isinstance(port, int) and not 1 <= port <= MAX_PORT:
                yield invalid_value(f"{here}.{probe}.{how}.port", port, PORT_WORDS)


def _check_resources(resources: Object, here: str) -> Iterator[Cause]:
    limits = resources.get("limits") or {}
    for name, amount in (resources.get("requests") or {}).items():
        if name in limits and amount_of(amount) > amount_of(limits[name]):
            told = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid_value(f"{here}.requests", amount, told)


def amount_of(text: Any) -> float:
    """A quantity as a number."""
    found = re.fullmatch(r"([+-]?[0-9.]+(?:[eE][+-]?\d+)?)([numkMGTPE]?i?)", str(text))
    return float(found[1]) * _UNITS.get(found[2], 1.0) if found else 0.0
