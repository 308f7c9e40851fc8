"""What a new cluster holds before anyone has used it. Source: kubeadm and the API server's bootstrap policy, v1.36."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.kubernetes.api import Object

_RBAC = "rbac.authorization.k8s.io"
_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_VIEW = ["get", "list", "watch"]
_EDIT = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_NAMESPACED_GROUPS = ["", "apps", "autoscaling", "batch", "networking.k8s.io", "policy", "discovery.k8s.io"]
_ROLES: dict[str, list[Object]] = {
    "cluster-admin": [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ],
    "system:discovery": [
        {
            "nonResourceURLs": [
                *("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz"),
                *("/version", "/version/"),
            ],
            "verbs": ["get"],
        }
    ],
    "system:public-info-viewer": [
        {"nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"], "verbs": ["get"]}
    ],
    "system:basic-user": [
        {
            "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
            "verbs": ["create"],
        },
        {"apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]},
    ],
    "system:node": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    "system:node-bootstrapper": [
        {
            "apiGroups": ["certificates.k8s.io"],
            "resources": ["certificatesigningrequests"],
            "verbs": ["create", "get", "list", "watch"],
        }
    ],
    "admin": [
        {"apiGroups": _NAMESPACED_GROUPS, "resources": ["*"], "verbs": _EDIT},
        {"apiGroups": [_RBAC], "resources": ["roles", "rolebindings"], "verbs": _EDIT},
    ],
    "edit": [{"apiGroups": _NAMESPACED_GROUPS, "resources": ["*"], "verbs": _EDIT}],
    "view": [
        {
            "apiGroups": _NAMESPACED_GROUPS,
            "resources": [
                *("bindings", "configmaps", "endpoints", "endpointslices", "events", "limitranges", "namespaces"),
                *("persistentvolumeclaims", "pods", "pods/log", "pods/status", "replicationcontrollers"),
                *("resourcequotas", "serviceaccounts", "services", "services/status", "controllerrevisions"),
                *("daemonsets", "deployments", "deployments/scale", "replicasets", "statefulsets", "cronjobs", "jobs"),
                *("horizontalpodautoscalers", "ingresses", "networkpolicies", "poddisruptionbudgets"),
            ],
            "verbs": _VIEW,
        }
    ],
}
_BOUND = {
    "cluster-admin": ["system:masters"],
    "system:discovery": ["system:authenticated"],
    "system:basic-user": ["system:authenticated"],
    "system:public-info-viewer": ["system:authenticated", "system:unauthenticated"],
    "system:node": ["system:nodes"],
}


def seeds(ca_pem: str, service_address: str) -> Iterator[tuple[str, str, Object]]:
    """Resource, namespace and object, in the order in which they can be created."""
    for namespace in _NAMESPACES:
        yield "namespaces", "", {"metadata": {"name": namespace}}
    for role, rules in _ROLES.items():
        labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
        yield f"clusterroles.{_RBAC}", "", {"metadata": {"name": role, "labels": labels}, "rules": rules}
    for role, groups in _BOUND.items():
        yield f"clusterrolebindings.{_RBAC}", "", _binding(role, groups)
    for priority, value in (("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)):
        yield "priorityclasses.scheduling.k8s.io", "", {"metadata": {"name": priority}, "value": value}
    for namespace in _NAMESPACES:
        yield "serviceaccounts", namespace, {"metadata": {"name": "default"}}
        root = {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": ca_pem}}
        yield "configmaps", namespace, root
    yield "services", "default", _kubernetes_service(service_address)


def _binding(role: str, groups: list[str]) -> Object:
    return {
        "metadata": {"name": role, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": group} for group in groups],
    }


def _kubernetes_service(address: str) -> Object:
    return {
        "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": address,
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        },
    }
