"""How resources are called in the paths of the API.

The rows save discovery requests: they hold the kinds that Flotilla drives itself. Any other kind is discovered.
Source: kubernetes.io API reference v1.32 to v1.36; the CustomResourceDefinitions of Liqo v1.2.0, of MetalLB,
of Strimzi 1.2.0, of Cluster API v1.14.0 and of its providers for OpenStack v0.14.7, k3s v0.3.1 and MicroK8s v0.6.11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A resource as manifests name it, such as ``Kind("apps/v1", "Deployment")``."""

    api_version: str
    kind: str

    @classmethod
    def of(cls, obj: Mapping[str, Any]) -> Kind:
        """The kind of an object."""
        return cls(obj["apiVersion"], obj["kind"])

    @property
    def prefix(self) -> str:
        """First part of every path of this API group and version."""
        return f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"


@dataclass(frozen=True)
class Resource:
    """How the API serves a kind."""

    plural: str
    namespaced: bool = True


_CLUSTER_SCOPED = {
    "v1": {"Namespace": "namespaces", "Node": "nodes"},
    "rbac.authorization.k8s.io/v1": {"ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings"},
    "networking.k8s.io/v1": {"IngressClass": "ingressclasses"},
    "apiextensions.k8s.io/v1": {"CustomResourceDefinition": "customresourcedefinitions"},
    "core.liqo.io/v1beta1": {"ForeignCluster": "foreignclusters"},
}
_NAMESPACED = {
    "v1": {
        "ConfigMap": "configmaps",
        "Event": "events",
        "PersistentVolumeClaim": "persistentvolumeclaims",
        "Pod": "pods",
        "Secret": "secrets",
        "Service": "services",
        "ServiceAccount": "serviceaccounts",
    },
    "apps/v1": {
        "ControllerRevision": "controllerrevisions",
        "DaemonSet": "daemonsets",
        "Deployment": "deployments",
        "ReplicaSet": "replicasets",
        "StatefulSet": "statefulsets",
    },
    "batch/v1": {"Job": "jobs"},
    "networking.k8s.io/v1": {"Ingress": "ingresses"},
    "authentication.liqo.io/v1beta1": {
        "Identity": "identities",
        "ResourceSlice": "resourceslices",
        "Tenant": "tenants",
    },
    "networking.liqo.io/v1beta1": {
        "Configuration": "configurations",
        "Connection": "connections",
        "GatewayClient": "gatewayclients",
        "GatewayServer": "gatewayservers",
        "PublicKey": "publickeies",
    },
    "offloading.liqo.io/v1beta1": {
        "NamespaceMap": "namespacemaps",
        "NamespaceOffloading": "namespaceoffloadings",
        "VirtualNode": "virtualnodes",
    },
    "ipam.liqo.io/v1alpha1": {"IP": "ips", "Network": "networks"},
    "kafka.strimzi.io/v1": {"Kafka": "kafkas", "KafkaNodePool": "kafkanodepools"},
    "core.strimzi.io/v1": {"StrimziPodSet": "strimzipodsets"},
    "cluster.x-k8s.io/v1beta2": {
        "Cluster": "clusters",
        "Machine": "machines",
        "MachineDeployment": "machinedeployments",
    },
    "controlplane.cluster.x-k8s.io/v1beta1": {"MicroK8sControlPlane": "microk8scontrolplanes"},
    "controlplane.cluster.x-k8s.io/v1beta2": {
        "KThreesControlPlane": "kthreescontrolplanes",
        "KubeadmControlPlane": "kubeadmcontrolplanes",
    },
    "bootstrap.cluster.x-k8s.io/v1beta1": {"MicroK8sConfigTemplate": "microk8sconfigtemplates"},
    "bootstrap.cluster.x-k8s.io/v1beta2": {
        "KThreesConfigTemplate": "kthreesconfigtemplates",
        "KubeadmConfigTemplate": "kubeadmconfigtemplates",
    },
    "infrastructure.cluster.x-k8s.io/v1beta1": {
        "OpenStackCluster": "openstackclusters",
        "OpenStackMachineTemplate": "openstackmachinetemplates",
    },
    "metallb.io/v1beta1": {"IPAddressPool": "ipaddresspools", "L2Advertisement": "l2advertisements"},
}


def _rows(table: Mapping[str, Mapping[str, str]], namespaced: bool) -> dict[Kind, Resource]:
    return {
        Kind(version, kind): Resource(plural, namespaced)
        for version, kinds in table.items()
        for kind, plural in kinds.items()
    }


KNOWN: Mapping[Kind, Resource] = _rows(_CLUSTER_SCOPED, namespaced=False) | _rows(_NAMESPACED, namespaced=True)

NAMESPACE = Kind("v1", "Namespace")
NODE = Kind("v1", "Node")
CONFIG_MAP = Kind("v1", "ConfigMap")
POD = Kind("v1", "Pod")
SECRET = Kind("v1", "Secret")
SERVICE = Kind("v1", "Service")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount")
CLAIM = Kind("v1", "PersistentVolumeClaim")
EVENT = Kind("v1", "Event")
DAEMON_SET = Kind("apps/v1", "DaemonSet")
DEPLOYMENT = Kind("apps/v1", "Deployment")
STATEFUL_SET = Kind("apps/v1", "StatefulSet")
REPLICA_SET = Kind("apps/v1", "ReplicaSet")
CONTROLLER_REVISION = Kind("apps/v1", "ControllerRevision")
JOB = Kind("batch/v1", "Job")
INGRESS = Kind("networking.k8s.io/v1", "Ingress")
INGRESS_CLASS = Kind("networking.k8s.io/v1", "IngressClass")
DEFINITION = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")


def path_of(kind: Kind, resource: Resource, namespace: str | None = None, name: str | None = None) -> str:
    """Path of an object, or of the collection when there is no name."""
    parts = [kind.prefix]
    if resource.namespaced and namespace is not None:
        parts.append(f"namespaces/{namespace}")
    parts.append(resource.plural)
    if name is not None:
        parts.append(name)
    return "/".join(parts)
