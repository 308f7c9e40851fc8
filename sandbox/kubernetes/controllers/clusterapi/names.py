"""What Cluster API calls things: resources, labels, finalizers, conditions.

Source: cluster-api v1.14, api/core/v1beta2; cluster-api-provider-openstack v0.14, pkg/utils/names.
"""

from __future__ import annotations

CLUSTERS = "clusters.cluster.x-k8s.io"
DEPLOYMENTS = "machinedeployments.cluster.x-k8s.io"
MACHINES = "machines.cluster.x-k8s.io"
OPENSTACK_CLUSTERS = "openstackclusters.infrastructure.cluster.x-k8s.io"
OPENSTACK_MACHINES = "openstackmachines.infrastructure.cluster.x-k8s.io"
MACHINE_TEMPLATES = "openstackmachinetemplates.infrastructure.cluster.x-k8s.io"
CONTROL_PLANES = {
    "KubeadmControlPlane": "kubeadmcontrolplanes.controlplane.cluster.x-k8s.io",
    "KThreesControlPlane": "kthreescontrolplanes.controlplane.cluster.x-k8s.io",
    "MicroK8sControlPlane": "microk8scontrolplanes.controlplane.cluster.x-k8s.io",
}
CONFIG_TEMPLATES = {
    "KubeadmConfigTemplate": "kubeadmconfigtemplates.bootstrap.cluster.x-k8s.io",
    "KThreesConfigTemplate": "kthreesconfigtemplates.bootstrap.cluster.x-k8s.io",
    "MicroK8sConfigTemplate": "microk8sconfigtemplates.bootstrap.cluster.x-k8s.io",
}
DISTRIBUTION = {"KubeadmControlPlane": "kubeadm", "KThreesControlPlane": "k3s", "MicroK8sControlPlane": "microk8s"}

CLUSTER_NAME = "cluster.x-k8s.io/cluster-name"
DEPLOYMENT_NAME = "cluster.x-k8s.io/deployment-name"
CONTROL_PLANE = "cluster.x-k8s.io/control-plane"
CONTROL_PLANE_NAME = "cluster.x-k8s.io/control-plane-name"
CLONED_FROM = "cluster.x-k8s.io/cloned-from-name"
CONFIGURED_BY = "sandbox/configured-by"
"""On a machine: the template of its configuration. The real one has an object for it, which nobody here looks at."""

CLUSTER_FINALIZER = "cluster.cluster.x-k8s.io"
MACHINE_FINALIZER = "machine.cluster.x-k8s.io"
DEPLOYMENT_FINALIZER = "cluster.x-k8s.io/machinedeployment"
OPENSTACK_CLUSTER_FINALIZER = "openstackcluster.infrastructure.cluster.x-k8s.io"
OPENSTACK_MACHINE_FINALIZER = "openstackmachine.infrastructure.cluster.x-k8s.io"
CONTROL_PLANE_FINALIZERS = {
    "KubeadmControlPlane": "kubeadm.controlplane.cluster.x-k8s.io",
    "KThreesControlPlane": "kthrees.controlplane.cluster.x-k8s.io",
    "MicroK8sControlPlane": "microk8s.controlplane.cluster.x-k8s.io",
}


def in_cloud(namespace: str, cluster: str) -> str:
    """What the network, subnet and router of a cluster are called in the cloud."""
    return f"k8s-clusterapi-cluster-{namespace}-{cluster}"


def group_name(namespace: str, cluster: str, role: str) -> str:
    """What a security group is called; roles are ``controlplane`` and ``worker``."""
    return f"k8s-cluster-{namespace}-{cluster}-secgroup-{role}"


def description(namespace: str, cluster: str) -> str:
    """What is written on everything in the cloud."""
    return f"Created by cluster-api-provider-openstack cluster {namespace}-{cluster}"
