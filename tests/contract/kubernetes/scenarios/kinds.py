"""Every built-in kind that the product, its add-ons or the sandbox's machines write: what the server makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.contract.kubernetes.objects import Object
from tests.contract.kubernetes.observing import Observer, Scenario

_PRODUCT = Path(__file__).parents[3] / "unit" / "applications" / "golden"
_CLUSTER_WIDE = {
    "ClusterRole", "ClusterRoleBinding", "IngressClass", "StorageClass", "PriorityClass", "Node", "PersistentVolume",
    "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "RuntimeClass", "Namespace",
}  # fmt: skip
_MANIFESTS = (Path(__file__).parent / "kinds.yaml").read_text()


def _collection(see: Observer, manifest: Object) -> str:
    kind, version = manifest["kind"], manifest["apiVersion"]
    plural = {"Endpoints": "endpoints", "Ingress": "ingresses", "NetworkPolicy": "networkpolicies"}.get(kind)
    plural = plural or f"{kind.lower()}{'es' if kind.endswith('ss') else 's'}"
    if kind not in _CLUSTER_WIDE:
        return see.path(plural, version)
    return f"/{'apis' if '/' in version else 'api'}/{version}/{plural}"


def _documents(text: str, *groups: str) -> list[Any]:
    return [doc for doc in yaml.safe_load_all(text) if doc and doc["apiVersion"].rpartition("/")[0] in groups]


def _created(see: Observer, manifests: list[Any]) -> None:
    for manifest in manifests:
        path = _collection(see, manifest)
        see.post(path, manifest, params={"fieldValidation": "Strict"})
        see.http.delete(f"{path}/{manifest['metadata']['name']}", params={"gracePeriodSeconds": "0"})


def _applied(see: Observer, manifests: list[Any]) -> None:
    for manifest in manifests:
        path = _collection(see, manifest)
        see.apply(path, manifest, manager="flotilla", fieldValidation="Strict")
        see.apply(path, manifest, manager="flotilla")
        see.http.delete(f"{path}/{manifest['metadata']['name']}", params={"gracePeriodSeconds": "0"})


def core_created(see: Observer) -> None:
    _created(see, _documents(_MANIFESTS, ""))


def core_applied(see: Observer) -> None:
    _applied(see, _documents(_MANIFESTS, ""))


def workloads_created(see: Observer) -> None:
    _created(see, _documents(_MANIFESTS, "apps", "batch", "autoscaling", "policy"))


def workloads_applied(see: Observer) -> None:
    _applied(see, _documents(_MANIFESTS, "apps", "batch", "autoscaling", "policy"))


_OTHERS = (
    "networking.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io", "scheduling.k8s.io", "coordination.k8s.io",
    "discovery.k8s.io", "admissionregistration.k8s.io", "node.k8s.io", "events.k8s.io",
)  # fmt: skip


def others_created(see: Observer) -> None:
    _created(see, _documents(_MANIFESTS, *_OTHERS))


def others_applied(see: Observer) -> None:
    _applied(see, _documents(_MANIFESTS, *_OTHERS))


def product_applied(see: Observer) -> None:
    """What the product renders for an application."""
    text = (_PRODUCT / "components.yaml").read_text()
    manifests = [doc for doc in yaml.safe_load_all(text) if doc]
    for manifest in manifests:
        manifest["metadata"]["namespace"] = see.namespace
    _applied(see, manifests)


SCENARIOS: tuple[Scenario, ...] = (
    core_created,
    core_applied,
    workloads_created,
    workloads_applied,
    others_created,
    others_applied,
    product_applied,
)
