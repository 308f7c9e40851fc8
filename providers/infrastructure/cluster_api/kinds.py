"""Kinds of Cluster API and of its OpenStack provider, and how to get those that a management cluster lacks."""

from __future__ import annotations

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import Kind
from federation.errors import Unsupported
from providers.infrastructure.cluster_api.bootstrap import BootstrapProvider

CLUSTER = Kind("cluster.x-k8s.io/v1beta2", "Cluster")
DEPLOYMENT = Kind("cluster.x-k8s.io/v1beta2", "MachineDeployment")
MACHINE = Kind("cluster.x-k8s.io/v1beta2", "Machine")
OPENSTACK_CLUSTER = Kind("infrastructure.cluster.x-k8s.io/v1beta1", "OpenStackCluster")
MACHINE_TEMPLATE = Kind("infrastructure.cluster.x-k8s.io/v1beta1", "OpenStackMachineTemplate")


def check_installed(client: KubernetesClient, provider: BootstrapProvider) -> None:
    """See that the management cluster serves everything that a cluster is made of.

    Raises:
        Unsupported: It does not; the message is what to run. Reason ClusterApiMissing.
    """
    wanted = (CLUSTER, OPENSTACK_CLUSTER, provider.control_plane, provider.template)
    missing = [kind for kind in wanted if not client.serves(kind)]
    if missing:
        kinds = ", ".join(f"{kind.kind} ({kind.api_version})" for kind in missing)
        raise Unsupported(
            f"{client.server} does not serve {kinds}; install Cluster API there: clusterctl init "
            f"--infrastructure openstack --bootstrap {provider.name} --control-plane {provider.name}",
            reason="ClusterApiMissing",
        )
