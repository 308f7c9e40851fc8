"""The files of k3s, made from the spec.

Source: docs.k3s.io, "Configuration Options", "k3s server", "k3s agent"; github.com/k3s-io/k3s, install.sh (unit).
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import yaml

from federation.spec.machines import MachineTarget
from providers.bootstrap.kubeadm_config import host_of
from providers.contracts import ClusterTarget, JoinTicket

CONFIG_FILE = "/etc/rancher/k3s/config.yaml"
SERVER, AGENT = "k3s", "k3s-agent"

Json = dict[str, Any]

_UNIT = """\
[Unit]
Description=Lightweight Kubernetes ({role})
Wants=network-online.target
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=notify
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart={binary} {role}
"""


def unit_file(service: str) -> str:
    """Path of the unit of ``k3s`` or ``k3s-agent``."""
    return f"/etc/systemd/system/{service}.service"


def render_unit(service: str, binary: str) -> str:
    """The unit, as the project's own installer writes it; everything else is in the configuration file."""
    return _UNIT.format(role="server" if service == SERVER else "agent", binary=binary)


def render_first_server(
    cluster: ClusterTarget, machine: MachineTarget, endpoint: str, addresses: tuple[str, str]
) -> str:
    """Configuration of the server that begins a cluster; several servers keep their data in etcd.

    Args:
        endpoint: ``host:port`` of the API for nodes and clients.
        addresses: The machine's own address, and the one that it is reached at from outside.
    """
    several = {"cluster-init": True} if cluster.spec.control_plane.count > 1 else {}
    return _dump({**several, **_server(cluster, host_of(endpoint), addresses), **_node(machine, addresses)})


def render_join(cluster: ClusterTarget, machine: MachineTarget, ticket: JoinTicket, addresses: tuple[str, str]) -> str:
    """Configuration of a further server or of an agent: holds the token."""
    joined: Json = {"server": f"https://{ticket.endpoint}", "token": ticket.token}
    if machine.role == "control-plane":
        joined |= _server(cluster, host_of(ticket.endpoint), addresses)
    return _dump(joined | _node(machine, addresses))


def _server(cluster: ClusterTarget, endpoint_host: str, addresses: tuple[str, str]) -> Json:
    own, outside = addresses
    shared = [cluster.spec.shared_address] if cluster.spec.shared_address else []
    return {
        "write-kubeconfig-mode": "0600",
        "tls-san": list(dict.fromkeys([endpoint_host, own, outside, *shared])),
        "cluster-cidr": str(cluster.spec.network.pod_cidr),
        "service-cidr": str(cluster.spec.network.service_cidr),
        # With an external address k3s would announce that one to its nodes and pods.
        "advertise-address": own,
        "disable": ["traefik", "servicelb"],
        **_network(cluster),
    }


def _network(cluster: ClusterTarget) -> Json:
    """Its own flannel, or room for another plugin. Source: docs.k3s.io, "Basic Network Options", "Custom CNI"."""
    if cluster.spec.cni != "flannel":
        return {"flannel-backend": "none", "disable-network-policy": True}
    return {} if cluster.spec.network.encapsulation == "vxlan" else {"flannel-backend": "host-gw"}


def _node(machine: MachineTarget, addresses: tuple[str, str]) -> Json:
    own, outside = addresses
    node: Json = {"node-name": machine.name, "node-ip": own}
    if outside != own and _is_address(outside):
        node["node-external-ip"] = outside
    if machine.labels:
        node["node-label"] = [f"{key}={value}" for key, value in machine.labels]
    return node


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _dump(content: Json) -> str:
    return str(yaml.safe_dump(content, sort_keys=False))
