"""The bootstrap providers of Cluster API: what each calls its objects, and what goes into them.

No cloud controller is needed in the clusters: kubelets are told their provider id, by which Cluster API finds the node
of a machine; MicroK8s' provider writes it into the nodes itself.

Source: templates/cluster-template-without-lb.yaml of cluster-api-provider-openstack v0.14; samples/openstack of
cluster-api-k3s v0.3; templates/cluster-template-openstack.yaml of cluster-api-bootstrap-provider-microk8s v0.6; their
CustomResourceDefinitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clients.kubernetes.resources import Kind
from federation.spec.cluster import Cluster, WorkerPool
from federation.spec.machines import CONTROL_PLANE_POOL
from providers.infrastructure.cluster_api.place import Json, Place, full_reference, reference

_CONTROL_PLANES, _CONFIGS = "controlplane.cluster.x-k8s.io", "bootstrap.cluster.x-k8s.io"
_HOST_NAME = "{{ local_hostname }}"
_PROVIDER_ID = "openstack:///{{ instance_id }}"
_TOKEN_LIFE_S = 900_000


@dataclass(frozen=True)
class BootstrapProvider:
    """How machines become nodes.

    Attributes:
        name: What clusterctl calls it.
        control_plane: Kind of its control planes.
        template: Kind of its templates of workers' configurations.
        brings_network: Whether its clusters have a network plugin from the start.
        render_control_plane: Its specification, from the template of its machines.
        render_worker: The configuration of a pool's machines.
    """

    name: str
    control_plane: Kind
    template: Kind
    brings_network: bool
    render_control_plane: Callable[[Place, Json], Json]
    render_worker: Callable[[Place, WorkerPool], Json]


def provider_for(cluster: Cluster) -> BootstrapProvider:
    """The bootstrap provider of a cluster's distribution."""
    return BOOTSTRAP_PROVIDERS[cluster.built_with.type]


def _kubeadm_node(pool: WorkerPool | None = None) -> Json:
    arguments = [{"name": "provider-id", "value": "openstack:///'{{ instance_id }}'"}]
    if pool and pool.labels:
        arguments.append({"name": "node-labels", "value": _joined(pool)})
    return {"nodeRegistration": {"name": _HOST_NAME, "kubeletExtraArgs": arguments}}


def _kubeadm(place: Place, machines: Json) -> Json:
    return {
        "replicas": place.cluster.control_plane.count,
        "version": place.cluster.built_with.version,
        "machineTemplate": {
            "metadata": {"labels": place.labels(CONTROL_PLANE_POOL)},
            "spec": {"infrastructureRef": reference(machines)},
        },
        "kubeadmConfigSpec": {"initConfiguration": _kubeadm_node(), "joinConfiguration": _kubeadm_node()},
    }


def _kubeadm_worker(_place: Place, pool: WorkerPool) -> Json:
    return {"joinConfiguration": _kubeadm_node(pool)}


def _k3s(place: Place, machines: Json) -> Json:
    network = place.cluster.network
    return {
        "replicas": place.cluster.control_plane.count,
        "version": place.cluster.built_with.version,
        "machineTemplate": {
            "metadata": {"labels": place.labels(CONTROL_PLANE_POOL)},
            "infrastructureRef": full_reference(machines),
        },
        "kthreesConfigSpec": {
            "agentConfig": _k3s_node(),
            "serverConfig": {
                "clusterCidr": str(network.pod_cidr),
                "serviceCidr": str(network.service_cidr),
                "disableComponents": ["servicelb", "traefik"],
            },
        },
    }


def _k3s_node(pool: WorkerPool | None = None) -> Json:
    labels = {"nodeLabels": _pairs(pool)} if pool and pool.labels else {}
    return {"nodeName": _HOST_NAME, "kubeletArgs": [f"provider-id={_PROVIDER_ID}"], **labels}


def _k3s_worker(_place: Place, pool: WorkerPool) -> Json:
    return {"agentConfig": _k3s_node(pool)}


def _microk8s(place: Place, machines: Json) -> Json:
    """One or two machines are upgraded in place, more of them one by one: dqlite keeps its majority."""
    return {
        "replicas": place.cluster.control_plane.count,
        "version": place.cluster.built_with.version,
        "upgradeStrategy": "SmartUpgrade",
        "machineTemplate": {"infrastructureTemplate": full_reference(machines)},
        "controlPlaneConfig": {
            "initConfiguration": {"addons": ["dns"], "joinTokenTTLInSecs": _TOKEN_LIFE_S},
            "clusterConfiguration": {"portCompatibilityRemap": True},
        },
    }


def _microk8s_worker(_place: Place, pool: WorkerPool) -> Json:
    labels = {"extraKubeletArgs": [f"--node-labels={_joined(pool)}"]} if pool.labels else {}
    return {"initConfiguration": labels, "clusterConfiguration": {"portCompatibilityRemap": True}}


def _pairs(pool: WorkerPool) -> list[str]:
    return [f"{key}={value}" for key, value in sorted(pool.labels.items())]


def _joined(pool: WorkerPool) -> str:
    return ",".join(_pairs(pool))


BOOTSTRAP_PROVIDERS: Mapping[str, BootstrapProvider] = {
    "kubeadm": BootstrapProvider(
        "kubeadm",
        Kind(f"{_CONTROL_PLANES}/v1beta2", "KubeadmControlPlane"),
        Kind(f"{_CONFIGS}/v1beta2", "KubeadmConfigTemplate"),
        brings_network=False,
        render_control_plane=_kubeadm,
        render_worker=_kubeadm_worker,
    ),
    "k3s": BootstrapProvider(
        "k3s",
        Kind(f"{_CONTROL_PLANES}/v1beta2", "KThreesControlPlane"),
        Kind(f"{_CONFIGS}/v1beta2", "KThreesConfigTemplate"),
        brings_network=True,
        render_control_plane=_k3s,
        render_worker=_k3s_worker,
    ),
    "microk8s": BootstrapProvider(
        "microk8s",
        Kind(f"{_CONTROL_PLANES}/v1beta1", "MicroK8sControlPlane"),
        Kind(f"{_CONFIGS}/v1beta1", "MicroK8sConfigTemplate"),
        brings_network=True,
        render_control_plane=_microk8s,
        render_worker=_microk8s_worker,
    ),
}
"""By distribution."""
