"""Checks of built-in kinds beyond their schema. Source: k8s.io/kubernetes/pkg/apis/*/validation, v1.36."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import Cause, invalid_value, required
from sandbox.kubernetes.kinds.defaults import POD_SPECS
from sandbox.kubernetes.kinds.definition_checks import check_definition
from sandbox.kubernetes.kinds.object_checks import RULES, check_template
from sandbox.kubernetes.kinds.paths import holders, look
from sandbox.kubernetes.kinds.pod_checks import MAX_PORT, PORT_WORDS, check_enums, check_pod_spec
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
    "networkpolicies.networking.k8s.io": (("spec.policyTypes[]", ("Ingress", "Egress")),),
    "daemonsets.apps": (("spec.updateStrategy.type", ("RollingUpdate", "OnDelete")),),
    "statefulsets.apps": (("spec.podManagementPolicy", ("OrderedReady", "Parallel")),),
    "customresourcedefinitions.apiextensions.k8s.io": (
        ("spec.scope", ("Cluster", "Namespaced")),
        ("spec.conversion.strategy", ("None", "Webhook")),
    ),
}
_NOT_NEGATIVE = ("spec.replicas", "spec.minReadySeconds", "spec.parallelism", "spec.completions")
_PORTS = {"services": "spec.ports[].port"}
_SELECTING = {"deployments.apps", "replicasets.apps", "daemonsets.apps", "statefulsets.apps"}


# What pods and probes need is told by their own rules.
_CHECKED_ELSEWHERE = {"containers", "port", "containerPort", "maxReplicas"}
_WHY_REQUIRED = {"pathType": "pathType must be specified", "verbs": "verbs must contain at least one value"}


def missing(value: Any, schema: Schema, path: str = "") -> Iterator[Cause]:
    """Fields that the schema of a built-in kind requires and that are absent."""
    if isinstance(value, dict):
        for name in schema.required:
            field = schema.field(name)
            if name not in value and field is not None and field.default != {} and name not in _CHECKED_ELSEWHERE:
                here = f"{path}.{name}" if path else name
                yield required(here, _WHY_REQUIRED.get(name, ""))
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
        causes += check_pod_spec(look(obj, where), where, _claimed(obj))
        causes += check_template(resource.key, look(obj, where), where)
    causes += check_enums(obj, _ENUMS.get(resource.key, ()), "")
    causes += _check_numbers(resource.key, obj)
    if resource.key in _SELECTING:
        causes += _check_selector(resource.kind, obj)
    rule = _RULES.get(resource.key)
    return causes + (list(rule(obj)) if rule else [])


def _check_numbers(key: str, obj: Object) -> Iterator[Cause]:
    for path in _NOT_NEGATIVE:
        value = look(obj, path)
        if isinstance(value, int) and value < 0:
            yield invalid_value(path, value, "must be greater than or equal to 0")
    for node, name, where in holders(obj, _PORTS[key]) if key in _PORTS else ():
        if not 1 <= node.get(name, 0) <= MAX_PORT:
            yield invalid_value(where, node.get(name, 0), PORT_WORDS)


def _check_selector(kind: str, obj: Object) -> Iterator[Cause]:
    selector = look(obj, "spec.selector")
    if selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid_value("spec.selector", selector, f"empty selector is invalid for {kind.lower()}")
        return
    labels = look(obj, "spec.template.metadata.labels")
    if not selects(selector, labels or {}):
        yield invalid_value("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


_RULES: dict[str, Callable[[Object], Iterator[Cause]]] = {
    **RULES,
    "customresourcedefinitions.apiextensions.k8s.io": check_definition,
}


def _claimed(obj: Object) -> set[str]:
    """Volumes that a StatefulSet adds to its pods."""
    templates = (obj.get("spec") or {}).get("volumeClaimTemplates") or ()
    return {str(each.get("metadata", {}).get("name")) for each in templates}
