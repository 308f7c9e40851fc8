"""The configuration files of kubeadm, made from the spec.

Source: kubernetes.io, "kubeadm Configuration (v1beta4)", "Kubelet Configuration (v1beta1)".
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from federation.errors import Rejected
from federation.spec.machines import MachineTarget
from providers.contracts import ClusterTarget, JoinTicket

API_VERSION = "kubeadm.k8s.io/v1beta4"
CRI_SOCKET = "unix:///run/containerd/containerd.sock"
TOKEN_TTL = "30m0s"  # noqa: S105 - a length of time, not a token

_VERSION = 0xA0

Json = dict[str, Any]


def host_of(endpoint: str) -> str:
    """Host of ``host:port``."""
    return endpoint.rpartition(":")[0].strip("[]")


def render_init(cluster: ClusterTarget, machine: MachineTarget, endpoint: str, address: str) -> str:
    """Configuration of ``kubeadm init``; holds no secret.

    Args:
        endpoint: ``host:port`` of the API for nodes and clients.
        address: The machine's own address.
    """
    init = {
        "apiVersion": API_VERSION,
        "kind": "InitConfiguration",
        "bootstrapTokens": [{"ttl": TOKEN_TTL}],
        "localAPIEndpoint": {"advertiseAddress": address},
        "nodeRegistration": node_registration(cluster, machine),
    }
    kubelet = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "cgroupDriver": "systemd"}
    return _documents(init, cluster_configuration(cluster, endpoint, address), kubelet)


def cluster_configuration(cluster: ClusterTarget, endpoint: str, address: str) -> Json:
    """What is the same on all control-plane machines."""
    network = cluster.spec.network
    shared = [cluster.spec.shared_address] if cluster.spec.shared_address else []
    return {
        "apiVersion": API_VERSION,
        "kind": "ClusterConfiguration",
        "clusterName": cluster.name,
        "kubernetesVersion": cluster.spec.built_with.version,
        "controlPlaneEndpoint": endpoint,
        "apiServer": {"certSANs": list(dict.fromkeys([host_of(endpoint), address, *shared]))},
        "networking": {"podSubnet": str(network.pod_cidr), "serviceSubnet": str(network.service_cidr)},
    }


def node_registration(cluster: ClusterTarget, machine: MachineTarget) -> Json:
    """How the node shows up: name, labels, and no taint on the control plane of a cluster without workers."""
    registration: Json = {"name": machine.name, "criSocket": CRI_SOCKET}
    if machine.role == "control-plane" and not any(each.role == "worker" for each in cluster.machines):
        registration["taints"] = []
    if machine.labels:
        labels = ",".join(f"{key}={value}" for key, value in machine.labels)
        registration["kubeletExtraArgs"] = [{"name": "node-labels", "value": labels}]
    return registration


def render_join(cluster: ClusterTarget, machine: MachineTarget, ticket: JoinTicket, address: str) -> str:
    """Configuration of ``kubeadm join``: holds secrets.

    Raises:
        Rejected: The ticket lacks the CA's hash, or for a control plane the certificate key.
    """
    if ticket.ca_hash is None:
        raise Rejected("the ticket has no CA hash; issue another one")
    discovery = {
        "apiServerEndpoint": ticket.endpoint,
        "token": ticket.token,
        "caCertHashes": [ticket.ca_hash],
    }
    join: Json = {
        "apiVersion": API_VERSION,
        "kind": "JoinConfiguration",
        "discovery": {"bootstrapToken": discovery},
        "nodeRegistration": node_registration(cluster, machine),
    }
    if machine.role == "control-plane":
        if ticket.certificate_key is None:
            raise Rejected("the ticket has no certificate key; issue one for the role control-plane")
        join["controlPlane"] = {
            "localAPIEndpoint": {"advertiseAddress": address},
            "certificateKey": ticket.certificate_key,
        }
    return _documents(join)


def ca_hash(pem: str) -> str:
    """``sha256:`` and the hash of a CA's public key, as ``--discovery-token-ca-cert-hash`` wants it.

    The certificate is not parsed as a whole: older kubeadm gave its CAs the serial number 0, which parsers refuse.

    Source: kubernetes.io, "kubeadm join": SHA-256 over the DER-encoded Subject Public Key Info; RFC 5280, section 4.1.

    Raises:
        ValueError: It is no certificate.
    """
    der = ssl.PEM_cert_to_DER_cert(pem.strip())
    try:
        certificate = next(_elements(der))
        fields = list(_elements(next(_elements(certificate.content)).content))
        key = fields[6 if fields[0].tag == _VERSION else 5]
    except (IndexError, StopIteration):
        raise ValueError("not a certificate") from None
    return f"sha256:{hashlib.sha256(key.whole).hexdigest()}"


@dataclass(frozen=True)
class _Element:
    """One value of DER: its tag, its content, and both with the length between them."""

    tag: int
    content: bytes
    whole: bytes


def _elements(der: bytes) -> Iterator[_Element]:
    at = 0
    while at < len(der):
        tag, length, start = der[at], der[at + 1], at + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[at + 2 : start], "big")
        if start + length > len(der):
            raise IndexError
        yield _Element(tag, der[start : start + length], der[at : start + length])
        at = start + length


def kubeconfig_ca_hash(kubeconfig: str) -> str | None:
    """The hash of the CA that a kubeconfig trusts; None when it holds none that can be read."""
    try:
        data = yaml.safe_load(kubeconfig)["clusters"][0]["cluster"]["certificate-authority-data"]
        return ca_hash(base64.b64decode(data).decode())
    except (yaml.YAMLError, KeyError, IndexError, TypeError, ValueError):
        return None


def _documents(*documents: Json) -> str:
    return str(yaml.safe_dump_all(documents, sort_keys=False))
