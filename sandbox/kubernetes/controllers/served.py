"""Which resources a cluster serves: the builtin ones and those of its definitions."""

from __future__ import annotations

from sandbox.kubernetes.api import Api

CRDS = "customresourcedefinitions.apiextensions.k8s.io"
NAMESPACED = (
    "pods",
    "services",
    "endpoints",
    "configmaps",
    "secrets",
    "serviceaccounts",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
    "limitranges",
    "podtemplates",
    "events",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "controllerrevisions.apps",
    "jobs.batch",
    "cronjobs.batch",
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "endpointslices.discovery.k8s.io",
    "poddisruptionbudgets.policy",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "leases.coordination.k8s.io",
    "horizontalpodautoscalers.autoscaling",
)
CLUSTER_WIDE = (
    "namespaces",
    "nodes",
    "persistentvolumes",
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "storageclasses.storage.k8s.io",
    "ingressclasses.networking.k8s.io",
    "priorityclasses.scheduling.k8s.io",
    "runtimeclasses.node.k8s.io",
    "certificatesigningrequests.certificates.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "apiservices.apiregistration.k8s.io",
    CRDS,
)


def namespaced_resources(api: Api) -> list[str]:
    """Everything that lives in namespaces."""
    return [*NAMESPACED, *_custom(api, "Namespaced")]


def all_resources(api: Api) -> list[str]:
    """Everything."""
    return [*NAMESPACED, *CLUSTER_WIDE, *_custom(api, "Namespaced"), *_custom(api, "Cluster")]


def _custom(api: Api, scope: str) -> list[str]:
    specs = [crd["spec"] for crd in api.list(CRDS)]
    return [f"{spec['names']['plural']}.{spec['group']}" for spec in specs if spec["scope"] == scope]
