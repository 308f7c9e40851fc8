"""Fields that may not change. Source: k8s.io/kubernetes/pkg/apis/*/validation ValidateXUpdate, v1.36."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import Cause, forbidden_field, invalid_value
from sandbox.kubernetes.kinds.paths import look

_IMMUTABLE = "field is immutable"
_PATHS: dict[str, tuple[str, ...]] = {
    "deployments.apps": ("spec.selector",),
    "daemonsets.apps": ("spec.selector",),
    "replicasets.apps": ("spec.selector",),
    "jobs.batch": ("spec.selector", "spec.template", "spec.completionMode"),
    "secrets": ("type",),
    "ingressclasses.networking.k8s.io": ("spec.controller",),
    "runtimeclasses.node.k8s.io": ("handler",),
    "endpointslices.discovery.k8s.io": ("addressType",),
    "certificatesigningrequests.certificates.k8s.io": ("spec",),
    "customresourcedefinitions.apiextensions.k8s.io": (
        "spec.scope",
        "spec.group",
        "spec.names.plural",
        "spec.names.kind",
    ),
}
_FORBIDDEN: dict[str, tuple[tuple[str, str], ...]] = {
    "storageclasses.storage.k8s.io": (
        ("parameters", "updates to parameters are forbidden."),
        ("provisioner", "updates to provisioner are forbidden."),
        ("reclaimPolicy", "updates to reclaimPolicy are forbidden."),
        ("volumeBindingMode", "updates to volumeBindingMode are forbidden."),
    ),
    "priorityclasses.scheduling.k8s.io": (("value", "may not be changed in an update."),),
    "persistentvolumes": (("spec.csi", "spec.persistentvolumesource is immutable after creation"),),
}
_ROLE_REF = {"rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io"}
_STATEFUL_SET_FREE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)


def check_immutable(key: str, old: Object, new: Object) -> list[Cause]:
    """Every cause for which an update is refused."""
    causes = [
        invalid_value(path, look(new, path), _IMMUTABLE)
        for path in _PATHS.get(key, ())
        if look(old, path) is not None and look(old, path) != look(new, path)
    ]
    causes += [
        forbidden_field(path, told) for path, told in _FORBIDDEN.get(key, ()) if look(old, path) != look(new, path)
    ]
    if key in _ROLE_REF and old.get("roleRef") != new.get("roleRef"):
        causes.append(invalid_value("roleRef", new.get("roleRef"), "cannot change roleRef"))
    rule = _RULES.get(key)
    return causes + (list(rule(old, new)) if rule else [])


def _check_pod(old: Object, new: Object) -> Iterator[Cause]:
    if _pod_core(old) != _pod_core(new):
        yield forbidden_field(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
            "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
            "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        )


def _pod_core(pod: Object) -> Object:
    spec = copy.deepcopy(pod.get("spec") or {})
    for name in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"):
        spec.pop(name, None)
    for group in ("containers", "initContainers"):
        for container in spec.get(group) or []:
            container.pop("image", None)
    return spec


def _check_stateful_set(old: Object, new: Object) -> Iterator[Cause]:
    before, after = ({k: v for k, v in obj["spec"].items() if k not in _STATEFUL_SET_FREE} for obj in (old, new))
    if before != after:
        yield forbidden_field(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
            "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        )


def _check_frozen_data(old: Object, new: Object) -> Iterator[Cause]:
    if not old.get("immutable"):
        return
    told = "field is immutable when `immutable` is set"
    if not new.get("immutable"):
        yield forbidden_field("immutable", told)
    for name in ("data", "binaryData"):
        if old.get(name) != new.get(name):
            yield forbidden_field(name, told)


def _check_claim(old: Object, new: Object) -> Iterator[Cause]:
    def core(claim: Object) -> Object:
        spec = copy.deepcopy(claim.get("spec") or {})
        (spec.get("resources") or {}).pop("requests", None)
        spec.pop("volumeAttributesClassName", None)
        if not look(old, "spec.volumeName"):
            spec.pop("volumeName", None)
        return spec

    if core(old) != core(new):
        told = (
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        )
        yield forbidden_field("spec", told)


def _check_service(old: Object, new: Object) -> Iterator[Cause]:
    before, after = old["spec"], new["spec"]
    if "ExternalName" in {before["type"], after["type"]} or not before.get("clusterIP"):
        return
    if before["clusterIP"] != after.get("clusterIP"):
        yield invalid_value("spec.clusterIPs[0]", [after.get("clusterIP")], "may not change once set")


def _check_node(old: Object, new: Object) -> Iterator[Cause]:
    before = look(old, "spec.podCIDR")
    if before and before != look(new, "spec.podCIDR"):
        yield forbidden_field("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid')
    before = look(old, "spec.providerID")
    if before and before != look(new, "spec.providerID"):
        yield forbidden_field("spec.providerID", 'node updates may not change providerID except from "" to valid')


_RULES: dict[str, Callable[[Object, Object], Iterator[Cause]]] = {
    "pods": _check_pod,
    "statefulsets.apps": _check_stateful_set,
    "configmaps": _check_frozen_data,
    "secrets": _check_frozen_data,
    "persistentvolumeclaims": _check_claim,
    "services": _check_service,
    "nodes": _check_node,
}
