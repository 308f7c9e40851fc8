"""The built-in resources, as data. Source: kubernetes.io, "API reference" (v1.36), and ``kubectl api-resources``."""

from __future__ import annotations

from functools import cache

from sandbox.kubernetes.resource import ALL_VERBS, Resource
from sandbox.kubernetes.schema import builtin

_REVIEW = ("create",)
_POD_DOORS = "status,log,eviction,binding,ephemeralcontainers,resize,attach,exec,portforward,proxy"
_VERBS = {
    "bindings": _REVIEW,
    "componentstatuses": ("get", "list"),
    "namespaces": tuple(verb for verb in ALL_VERBS if verb != "deletecollection"),
}
_SCALED = {"spec": ".spec.replicas", "status": ".status.replicas", "selector": ".status.selector"}

# group/version, in the order of discovery: rows of plural, kind, namespaced?, short names, subresources, categories
_TABLE: dict[str, list[tuple[str, str, bool, str, str, str]]] = {
    "v1": [
        ("bindings", "Binding", True, "", "", ""),
        ("componentstatuses", "ComponentStatus", False, "cs", "", ""),
        ("configmaps", "ConfigMap", True, "cm", "", ""),
        ("endpoints", "Endpoints", True, "ep", "", ""),
        ("events", "Event", True, "ev", "", ""),
        ("limitranges", "LimitRange", True, "limits", "", ""),
        ("namespaces", "Namespace", False, "ns", "status,finalize", ""),
        ("nodes", "Node", False, "no", "status,proxy", ""),
        ("persistentvolumeclaims", "PersistentVolumeClaim", True, "pvc", "status", ""),
        ("persistentvolumes", "PersistentVolume", False, "pv", "status", ""),
        ("pods", "Pod", True, "po", _POD_DOORS, "all"),
        ("podtemplates", "PodTemplate", True, "", "", ""),
        ("replicationcontrollers", "ReplicationController", True, "rc", "status,scale", "all"),
        ("resourcequotas", "ResourceQuota", True, "quota", "status", ""),
        ("secrets", "Secret", True, "", "", ""),
        ("serviceaccounts", "ServiceAccount", True, "sa", "token", ""),
        ("services", "Service", True, "svc", "status,proxy", "all"),
    ],
    "apiregistration.k8s.io/v1": [("apiservices", "APIService", False, "", "status", "api-extensions")],
    "apps/v1": [
        ("controllerrevisions", "ControllerRevision", True, "", "", ""),
        ("daemonsets", "DaemonSet", True, "ds", "status", "all"),
        ("deployments", "Deployment", True, "deploy", "status,scale", "all"),
        ("replicasets", "ReplicaSet", True, "rs", "status,scale", "all"),
        ("statefulsets", "StatefulSet", True, "sts", "status,scale", "all"),
    ],
    "events.k8s.io/v1": [("events", "Event", True, "ev", "", "")],
    "authentication.k8s.io/v1": [
        ("selfsubjectreviews", "SelfSubjectReview", False, "", "", ""),
        ("tokenreviews", "TokenReview", False, "", "", ""),
    ],
    "authorization.k8s.io/v1": [
        ("localsubjectaccessreviews", "LocalSubjectAccessReview", True, "", "", ""),
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview", False, "", "", ""),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview", False, "", "", ""),
        ("subjectaccessreviews", "SubjectAccessReview", False, "", "", ""),
    ],
    "autoscaling/v2": [
        ("horizontalpodautoscalers", "HorizontalPodAutoscaler", True, "hpa", "status", "all"),
    ],
    "batch/v1": [
        ("cronjobs", "CronJob", True, "cj", "status", "all"),
        ("jobs", "Job", True, "", "status", "all"),
    ],
    "certificates.k8s.io/v1": [
        ("certificatesigningrequests", "CertificateSigningRequest", False, "csr", "status,approval", ""),
    ],
    "networking.k8s.io/v1": [
        ("ingressclasses", "IngressClass", False, "", "", ""),
        ("ingresses", "Ingress", True, "ing", "status", ""),
        ("ipaddresses", "IPAddress", False, "ip", "", ""),
        ("networkpolicies", "NetworkPolicy", True, "netpol", "", ""),
        ("servicecidrs", "ServiceCIDR", False, "", "status", ""),
    ],
    "policy/v1": [("poddisruptionbudgets", "PodDisruptionBudget", True, "pdb", "status", "")],
    "rbac.authorization.k8s.io/v1": [
        ("clusterrolebindings", "ClusterRoleBinding", False, "", "", ""),
        ("clusterroles", "ClusterRole", False, "", "", ""),
        ("rolebindings", "RoleBinding", True, "", "", ""),
        ("roles", "Role", True, "", "", ""),
    ],
    "storage.k8s.io/v1": [
        ("csidrivers", "CSIDriver", False, "", "", ""),
        ("csinodes", "CSINode", False, "", "", ""),
        ("csistoragecapacities", "CSIStorageCapacity", True, "", "", ""),
        ("storageclasses", "StorageClass", False, "sc", "", ""),
        ("volumeattachments", "VolumeAttachment", False, "", "status", ""),
        ("volumeattributesclasses", "VolumeAttributesClass", False, "vac", "", ""),
    ],
    "admissionregistration.k8s.io/v1": [
        ("mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False, "", "", "api-extensions"),
        ("validatingadmissionpolicies", "ValidatingAdmissionPolicy", False, "", "status", "api-extensions"),
        (
            "validatingadmissionpolicybindings",
            "ValidatingAdmissionPolicyBinding",
            False,
            "",
            "",
            "api-extensions",
        ),
        ("validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False, "", "", "api-extensions"),
    ],
    "apiextensions.k8s.io/v1": [
        ("customresourcedefinitions", "CustomResourceDefinition", False, "crd,crds", "status", "api-extensions"),
    ],
    "scheduling.k8s.io/v1": [("priorityclasses", "PriorityClass", False, "pc", "", "")],
    "coordination.k8s.io/v1": [("leases", "Lease", True, "", "", "")],
    "node.k8s.io/v1": [("runtimeclasses", "RuntimeClass", False, "", "", "")],
    "discovery.k8s.io/v1": [("endpointslices", "EndpointSlice", True, "", "", "")],
    "flowcontrol.apiserver.k8s.io/v1": [
        ("flowschemas", "FlowSchema", False, "", "status", ""),
        ("prioritylevelconfigurations", "PriorityLevelConfiguration", False, "", "status", ""),
    ],
}

_PACKAGES = {
    "": "io.k8s.api.core",
    "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
    "apiregistration.k8s.io": "io.k8s.kube-aggregator.pkg.apis.apiregistration",
    "flowcontrol.apiserver.k8s.io": "io.k8s.api.flowcontrol",
}
_CREATE_ONLY_GROUPS = {"authentication.k8s.io", "authorization.k8s.io"}


def definition_name(group: str, version: str, kind: str) -> str:
    """OpenAPI name of a built-in kind."""
    package = _PACKAGES.get(group, f"io.k8s.api.{group.split('.', maxsplit=1)[0]}")
    return f"{package}.{version}.{kind}"


@cache
def builtin_resources() -> tuple[Resource, ...]:
    """Every built-in resource in the version that is served."""
    return tuple(_resource(gv, row) for gv, rows in _TABLE.items() for row in rows)


def _resource(group_version: str, row: tuple[str, str, bool, str, str, str]) -> Resource:
    plural, kind, namespaced, short, subresources, categories = row
    group, _, version = group_version.rpartition("/")
    verbs = _REVIEW if group in _CREATE_ONLY_GROUPS else _VERBS.get(plural, ALL_VERBS)
    return Resource(
        group=group,
        version=version,
        plural=plural,
        kind=kind,
        namespaced=namespaced,
        schema=builtin(definition_name(group, version, kind)),
        singular=kind.lower(),
        short_names=_words(short),
        categories=_words(categories),
        subresources=_words(subresources),
        verbs=verbs,
        scale_paths=_SCALED if "scale" in subresources else {},
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))
