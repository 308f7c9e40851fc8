"""The launch configuration of MicroK8s, made from the spec.

Source: microk8s.io, "Launch configurations reference", "Configuring services"; canonical/microk8s, snap/hooks/install
and scripts/generate-cni.sh; canonical/microk8s-cluster-agent, pkg/util/csr.go.
"""

from __future__ import annotations

from typing import Any

import yaml

from providers.contracts import ClusterTarget

CONFIG_FILE = "/etc/microk8s.yaml"
_DNS_HOST = 10
"""Which address of the service network CoreDNS gets: the tenth, as everywhere."""


def render_launch(cluster: ClusterTarget, names: tuple[str, ...], *, first: bool) -> str:
    """What the snap's install hook reads before its services start; holds no secret.

    The API stays at MicroK8s' own port: its hook that applies the network plugin asks that port and no other.

    Args:
        cluster: The cluster.
        names: Further names and addresses that the API's certificate has to cover.
        first: The machine begins the cluster. Others join it and take over its add-ons and networks.
    """
    network = cluster.spec.network
    configuration: dict[str, Any] = {
        "version": "0.2.0",
        # The template of the certificate knows the first address of the default service network only.
        "extraSANs": list(dict.fromkeys([*names, str(network.service_cidr[1])])),
        "extraCNIEnv": {
            "IPv4_SUPPORT": True,
            "IPv4_CLUSTER_CIDR": str(network.pod_cidr),
            "IPv4_SERVICE_CIDR": str(network.service_cidr),
        },
        # Without it every user may do everything: the default is AlwaysAllow.
        "extraKubeAPIServerArgs": {"--authorization-mode": "RBAC,Node"},
        "extraKubeletArgs": {
            "--cluster-domain": "cluster.local",
            "--cluster-dns": str(network.service_cidr[_DNS_HOST]),
        },
    }
    if first:
        addresses = ["/etc/resolv.conf", str(network.service_cidr[_DNS_HOST])]
        configuration["addons"] = [{"name": "dns", "args": addresses}]
    return str(yaml.safe_dump(configuration, sort_keys=False))
