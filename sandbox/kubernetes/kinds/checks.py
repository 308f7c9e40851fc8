"""Checks of built-in kinds beyond their schema. Source: k8s.io/kubernetes/pkg/apis/*/validation, v1.36."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import Cause, duplicate, invalid_value, not_supported, required
from sandbox.kubernetes.kinds.defaults import POD_SPECS
from sandbox.kubernetes.kinds.paths import holders, look
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.schema import Schema
from sandbox.kubernetes.selectors import selects

_ENUMS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "services": (
        ("spec.type", ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")),
        ("spec.ports[].protocol", ("SCTP", "TCP", "UDP")),
        ("spec.sessionAffinity", ("ClientIP", "None")),
        ("spec.externalTrafficPolicy", ("Cluster", "Local")),
    ),
    "deployments.apps": (("spec.strategy.type", ("Recreate", "RollingUpdate")),),
    "daemonsets.apps": (("spec.updateStrategy.type", ("RollingUpdate", "OnDelete")),),
    "statefulsets.apps": (("spec.podManagementPolicy", ("OrderedReady", "Parallel")),),
    "customresourcedefinitions.apiextensions.k8s.io": (("spec.scope", ("Cluster", "Namespaced")),),
}
_POD_ENUMS = (
    ("restartPolicy", ("Always", "OnFailure", "Never")),
    ("dnsPolicy", ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")),
    ("containers[].imagePullPolicy", ("Always", "IfNotPresent", "Never")),
    ("containers[].ports[].protocol", ("SCTP", "TCP", "UDP")),
)
_NOT_NEGATIVE = ("spec.replicas", "spec.minReadySeconds", "spec.parallelism", "spec.completions")
_PORTS = {"services": "spec.ports[].port"}
_MAX_PORT = 65535
_QUANTITY = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$")
_SELECTING = {"deployments.apps", "replicasets.apps", "daemonsets.apps", "statefulsets.apps"}


def missing(value: Any, schema: Schema, path: str = "") -> Iterator[Cause]:
    """Fields that the schema of a built-in kind requires and that are absent."""
    if isinstance(value, dict):
        for name in schema.required:
            field = schema.field(name)
            if name not in value and field is not None and field.default != {}:
                yield required(f"{path}.{name}" if path else name)
        for name, child in value.items():
            declared = schema.field(name)
            if declared is not None and name not in {"metadata", "status"}:
                yield from missing(child, declared, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from missing(item, schema.items, f"{path}[{index}]")


def check(resource: Resource, obj: Object) -> list[Cause]:
    """Every cause for which an object of a built-in kind is refused."""
    causes = list(missing(obj, resource.schema))
    where = POD_SPECS.get(resource.key)
    if where and isinstance(look(obj, where), dict):
        causes += _check_pod_spec(look(obj, where), where)
    causes += _check_enums(obj, _ENUMS.get(resource.key, ()), "")
    causes += _check_numbers(resource.key, obj)
    if resource.key in _SELECTING:
        causes += _check_selector(resource.kind, obj)
    rule = _RULES.get(resource.key)
    return causes + (list(rule(obj)) if rule else [])


def _check_enums(obj: Object, rows: tuple[tuple[str, tuple[str, ...]], ...], prefix: str) -> Iterator[Cause]:
    for path, allowed in rows:
        for node, name, where in holders(obj, path):
            if node.get(name) is not None and node[name] not in allowed:
                yield not_supported(prefix + where, node[name], sorted(allowed))


def _check_numbers(key: str, obj: Object) -> Iterator[Cause]:
    for path in _NOT_NEGATIVE:
        value = look(obj, path)
        if isinstance(value, int) and value < 0:
            yield invalid_value(path, value, "must be greater than or equal to 0")
    for node, name, where in holders(obj, _PORTS[key]) if key in _PORTS else ():
        if not 1 <= node.get(name, 0) <= _MAX_PORT:
            yield invalid_value(where, node.get(name, 0), "must be between 1 and 65535, inclusive")


def _check_pod_spec(pod: Object, where: str) -> Iterator[Cause]:
    if not pod.get("containers"):
        yield required(f"{where}.containers")
    yield from _check_enums(pod, _POD_ENUMS, f"{where}.")
    volumes = {volume.get("name") for volume in pod.get("volumes") or []}
    for group in ("initContainers", "containers"):
        names: set[str] = set()
        for index, container in enumerate(pod.get(group) or []):
            here = f"{where}.{group}[{index}]"
            if container.get("name") in names:
                yield duplicate(f"{here}.name", container["name"])
            names.add(container.get("name", ""))
            yield from _check_container(container, here, volumes)


def _check_container(container: Object, here: str, volumes: set[Any]) -> Iterator[Cause]:
    if not container.get("image"):
        yield required(f"{here}.image")
    for index, mount in enumerate(container.get("volumeMounts") or []):
        if mount.get("name") not in volumes:
            name = mount.get("name", "")
            yield Cause("FieldValueNotFound", f'Not found: "{name}"', f"{here}.volumeMounts[{index}].name")
    for kind in ("requests", "limits"):
        for name, amount in ((container.get("resources") or {}).get(kind) or {}).items():
            if not _QUANTITY.match(str(amount)):
                told = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                yield invalid_value(f"{here}.resources.{kind}.{name}", amount, told)


def _check_selector(kind: str, obj: Object) -> Iterator[Cause]:
    selector = look(obj, "spec.selector")
    if selector is None:
        return
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid_value("spec.selector", selector, f"empty selector is invalid for {kind.lower()}")
        return
    labels = look(obj, "spec.template.metadata.labels") or {}
    if not selects(selector, labels):
        yield invalid_value("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _check_service(obj: Object) -> Iterator[Cause]:
    spec = obj["spec"]
    ports = spec.get("ports") or []
    if not ports and spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    if spec["type"] == "ExternalName" and not spec.get("externalName"):
        yield required("spec.externalName")
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield required(f"spec.ports[{index}].name")
        key = (port.get("port"), port.get("protocol"))
        if key in seen:
            yield duplicate(f"spec.ports[{index}]", {"port": key[0], "protocol": key[1]})
        seen.add(key)


def _check_secret(obj: Object) -> Iterator[Cause]:
    data = obj.get("data") or {}
    for name, value in data.items():
        if not re.fullmatch(r"[-._a-zA-Z0-9]+", name):
            yield invalid_value(
                f"data[{name}]", name, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
            )
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            yield invalid_value(f"data[{name}]", value, "illegal base64 data")
    for kind, key in (("kubernetes.io/tls", "tls.crt"), ("kubernetes.io/tls", "tls.key")):
        if obj.get("type") == kind and key not in data:
            yield required(f"data[{key}]")


def _check_config_map(obj: Object) -> Iterator[Cause]:
    for name in (*(obj.get("data") or {}), *(obj.get("binaryData") or {})):
        if not re.fullmatch(r"[-._a-zA-Z0-9]+", name):
            told = (
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
                "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
            )
            yield invalid_value(f"data[{name}]", name, told)


def _check_definition(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    names, versions = spec.get("names") or {}, spec.get("versions") or []
    wanted = f"{names.get('plural')}.{spec.get('group')}"
    if obj["metadata"].get("name") != wanted:
        yield invalid_value("metadata.name", obj["metadata"].get("name"), 'must be spec.names.plural+"."+spec.group')
    if sum(1 for version in versions if version.get("storage")) != 1:
        told = "must have exactly one version marked as storage version"
        yield invalid_value("spec.versions", [v.get("name") for v in versions], told)
    for index, version in enumerate(versions):
        schema = look(version, "schema.openAPIV3Schema")
        here = f"spec.versions[{index}].schema.openAPIV3Schema"
        if schema is None:
            yield required(here, "schemas are required")
        elif schema.get("type") != "object":
            yield invalid_value(f"{here}.type", schema.get("type", ""), "must be object at the root")


_RULES: dict[str, Callable[[Object], Iterator[Cause]]] = {
    "services": _check_service,
    "secrets": _check_secret,
    "configmaps": _check_config_map,
    "customresourcedefinitions.apiextensions.k8s.io": _check_definition,
}
