"""Label and field selectors. Source: k8s.io/apimachinery/pkg/labels and pkg/fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import bad_request
from sandbox.kubernetes.label_selectors import label_test
from sandbox.kubernetes.resource import Resource

Matcher = Callable[[Object], bool]

_EQUAL = re.compile(r"^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$")

_FIELDS = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "services": ("spec.clusterIP", "spec.type"),
    "jobs.batch": ("status.successful",),
    "replicasets.apps": ("status.replicas",),
    "certificatesigningrequests.certificates.k8s.io": ("spec.signerName",),
}


def label_matcher(text: str) -> Matcher:
    """Matches objects by labels; all objects for an empty selector.

    Raises:
        ApiError: 400 when the selector cannot be parsed.
    """
    test = label_test(text)
    return lambda obj: test(obj["metadata"].get("labels") or {})


def field_matcher(text: str, resource: Resource) -> Matcher:
    """Matches objects by the few fields that their kind can be selected by.

    Raises:
        ApiError: 400 when the selector cannot be parsed or names another field.
    """
    tests = []
    for clause in filter(None, map(str.strip, text.split(","))):
        found = _EQUAL.match(clause)
        if found is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{clause}'")
        path, operator, value = found.groups()
        if path not in _allowed(resource):
            raise bad_request(_unsupported(resource, path))
        tests.append((path, value, operator != "!="))
    return lambda obj: all((_field_text(obj, path) == value) is wanted for path, value, wanted in tests)


def _unsupported(resource: Resource, path: str) -> str:
    if resource.custom:
        return f"field label not supported: {path}"
    if resource.key not in _FIELDS:
        return f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    is_job = resource.key == "jobs.batch"
    return f'field label "{path}" not supported for Job' if is_job else f"field label not supported: {path}"


def _allowed(resource: Resource) -> Iterable[str]:
    common = ("metadata.name", "metadata.namespace") if resource.namespaced else ("metadata.name",)
    return (*common, *_FIELDS.get(resource.key, ()), *resource.selectable)


def _field_text(obj: Object, path: str) -> str:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def selects(selector: Object | None, labels: Object) -> bool:
    """Whether a LabelSelector object selects labels; an empty one selects everything, none nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression(item, labels) for item in selector.get("matchExpressions") or [])


def _expression(item: Object, labels: Object) -> bool:
    key, values = item["key"], item.get("values") or []
    tests = {
        "In": lambda: labels.get(key) in values,
        "NotIn": lambda: labels.get(key) not in values,
        "Exists": lambda: key in labels,
        "DoesNotExist": lambda: key not in labels,
    }
    return tests[item["operator"]]()
