"""What kubeadm and k3s do with a cluster's objects: nodes, static pods, workloads of the distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import yaml

from sandbox.kubernetes.api import Api, Object
from sandbox.kubernetes.controllers import register_node

if TYPE_CHECKING:
    from sandbox.ssh.process import Process

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
EVERYWHERE: Sequence[Object] = ({"operator": "Exists"},)
STATIC_PODS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_SYSTEM = "kube-system"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
"""Processor architectures as Go has them, by the words of ``uname -m``."""


@dataclass(frozen=True)
class NodeIdentity:
    """What a kubelet says of its node; taints are ``key=value:effect`` texts."""

    name: str
    kubelet_version: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()
    provider_id: str = ""


def announce_node(process: Process, api: Api, node: NodeIdentity) -> None:
    """Create or renew the machine's Node object. Safe to repeat."""
    machine = process.machine
    register_node(
        api,
        node.name,
        machine.private_address,
        node.kubelet_version,
        labels=dict(node.labels),
        annotations=dict(node.annotations),
        taints=[parse_taint(t) for t in node.taints],
        provider_id=node.provider_id,
        external_address=machine.public_address or "",
        cpu=machine.flavor.vcpus,
        memory_mib=machine.flavor.memory_mib,
        architecture=_ARCHITECTURES[machine.traits.get("architecture", "x86_64")],
    )


def parse_taint(text: str) -> Object:
    """A taint from ``key=value:effect`` or ``key:effect``."""
    head, _, effect = text.rpartition(":")
    key, _, value = head.partition("=")
    return {"key": key, "effect": effect} | ({"value": value} if value else {})


def parse_labels(text: str) -> dict[str, str]:
    """Labels from ``a=b,c=d``."""
    return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)


def ensure(api: Api, resource: str, obj: Object) -> Object:
    """Create an object unless one of its name is there."""
    meta = obj["metadata"]
    return api.get(resource, meta["name"], meta.get("namespace")) or api.create(resource, obj)


def put(api: Api, resource: str, obj: Object) -> None:
    """Create an object, or patch the one that is there with its fields."""
    meta = obj["metadata"]
    if api.get(resource, meta["name"], meta.get("namespace")) is None:
        api.create(resource, obj)
    else:
        api.patch(resource, meta["name"], obj, meta.get("namespace"))


RESOURCES = {
    "ServiceAccount": "serviceaccounts",
    "ConfigMap": "configmaps",
    "ClusterRole": "clusterroles.rbac.authorization.k8s.io",
    "ClusterRoleBinding": "clusterrolebindings.rbac.authorization.k8s.io",
    "DaemonSet": "daemonsets.apps",
    "Deployment": "deployments.apps",
    "StorageClass": "storageclasses.storage.k8s.io",
}


def apply_manifests(api: Api, text: str) -> list[str]:
    """Put every object of some YAML into the cluster; gives them as kind/name. Unknown kinds raise KeyError."""
    objects = [each for each in yaml.safe_load_all(text) if each]
    for each in objects:
        put(api, RESOURCES[each["kind"]], each)
    return [f"{each['kind'].lower()}/{each['metadata']['name']}" for each in objects]


def static_pod(component: str, node: str, image: str) -> Object:
    """The mirror pod of a static pod, as the kubelet posts it."""
    meta: Object = {
        "name": f"{component}-{node}",
        "namespace": _SYSTEM,
        "labels": {"component": component, "tier": "control-plane"},
        "annotations": {"kubernetes.io/config.mirror": component, "kubernetes.io/config.source": "file"},
    }
    container = {"name": component, "image": image, "command": [component]}
    spec = {
        "nodeName": node,
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "tolerations": list(EVERYWHERE),
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


@dataclass(frozen=True)
class Workload:
    """A Deployment or DaemonSet of kube-system."""

    name: str
    image: str
    kind: str = "Deployment"
    replicas: int = 1
    app_label: str = "k8s-app"


def install(api: Api, workload: Workload) -> None:
    """Put a workload into kube-system. Safe to repeat."""
    labels = {workload.app_label: workload.name}
    template = {
        "metadata": {"labels": labels},
        "spec": {
            "tolerations": list(EVERYWHERE),
            "priorityClassName": "system-cluster-critical",
            "containers": [{"name": workload.name, "image": workload.image}],
        },
    }
    spec: Object = {"selector": {"matchLabels": labels}, "template": template}
    if workload.kind == "Deployment":
        spec["replicas"] = workload.replicas
    meta = {"name": workload.name, "namespace": _SYSTEM, "labels": labels}
    resource = f"{workload.kind.lower()}s.apps"
    ensure(api, resource, {"apiVersion": "apps/v1", "kind": workload.kind, "metadata": meta, "spec": spec})


def install_dns(api: Api, service_cidr: str, corefile: str) -> None:
    """CoreDNS's configuration, and its Service at the tenth address of the service network."""
    ensure(api, "configmaps", config_map("coredns", {"Corefile": corefile}))
    address = str(ip_network(service_cidr.split(",", maxsplit=1)[0])[10])
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
    spec = {"clusterIP": address, "selector": {"k8s-app": "kube-dns"}, "ports": ports}
    meta = {"name": "kube-dns", "namespace": _SYSTEM, "labels": {"k8s-app": "kube-dns"}}
    ensure(api, "services", {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})


def config_map(name: str, data: Mapping[str, str], namespace: str = _SYSTEM) -> Object:
    """A ConfigMap."""
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": dict(data)}


def secret(name: str, data: Mapping[str, str], kind: str = "Opaque", **annotations: str) -> Object:
    """A Secret of kube-system."""
    meta: dict[str, Any] = {"name": name, "namespace": _SYSTEM, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": kind, "stringData": dict(data)}
