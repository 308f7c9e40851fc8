"""kube-vip: an address that the control-plane machines of a cluster hold between them, by ARP.

Source: kube-vip.io, "Static Pods", "DaemonSet", "Flags and Environment Variables"; kubernetes.io,
"kubeadm init phase kubeconfig": while kubeadm init runs, only super-admin.conf may do everything.
"""

from __future__ import annotations

from typing import Any

import yaml

from providers.bootstrap.ownership import STATE_DIRECTORY

VERSION = "v1.0.1"
IMAGE = f"ghcr.io/kube-vip/kube-vip:{VERSION}"
STATIC_POD = "/etc/kubernetes/manifests/kube-vip.yaml"
K3S_MANIFEST = "/var/lib/rancher/k3s/server/manifests/flotilla-kube-vip.yaml"
KEPT_FILE = f"{STATE_DIRECTORY}/kube-vip.yaml"
"""What is put in place where a step of the distribution wipes the place first."""

CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane"
_NAME, _SYSTEM = "kube-vip", "kube-system"
_CONFIG = "/etc/kubernetes/admin.conf"
Json = dict[str, Any]


def render_static_pod(address: str, port: int, config: str = _CONFIG) -> str:
    """kube-vip as a pod of the kubelet, for kubeadm.

    Args:
        address: What the machines share.
        port: Of the API.
        config: The kubeconfig on the machine that it elects its leader with.
    """
    pod_spec = _pod_spec(address, port) | {
        # It asks the API server beside it: the shared address is what it is about to bring up.
        "hostAliases": [{"hostnames": ["kubernetes"], "ip": "127.0.0.1"}],
        "volumes": [{"name": "kubeconfig", "hostPath": {"path": config}}],
    }
    pod_spec["containers"][0]["volumeMounts"] = [{"mountPath": _CONFIG, "name": "kubeconfig"}]
    meta = {"name": _NAME, "namespace": _SYSTEM}
    return _dump({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": pod_spec})


def render_daemon_set(address: str, port: int, label: str) -> str:
    """kube-vip on every node with a label, with the rights that it needs, for distributions that take manifests."""
    labels = {"app.kubernetes.io/name": _NAME}
    pod_spec = _pod_spec(address, port) | {
        "serviceAccountName": _NAME,
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"nodeAffinity": _on(label)},
    }
    template = {"metadata": {"labels": labels}, "spec": pod_spec}
    daemon_set = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": _NAME, "namespace": _SYSTEM, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    return _dump(*_rights(), daemon_set)


def _pod_spec(address: str, port: int) -> Json:
    settings = {
        "vip_arp": "true",
        "port": str(port),
        "vip_subnet": "32",
        "cp_enable": "true",
        "cp_namespace": _SYSTEM,
        "vip_leaderelection": "true",
        "vip_leasename": "plndr-cp-lock",
        "vip_leaseduration": "5",
        "vip_renewdeadline": "3",
        "vip_retryperiod": "1",
        "address": address,
    }
    node: Json = {"name": "vip_nodename", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    container = {
        "name": _NAME,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["manager"],
        "env": [*({"name": name, "value": value} for name, value in settings.items()), node],
        "securityContext": {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}},
    }
    return {"hostNetwork": True, "priorityClassName": "system-node-critical", "containers": [container]}


def _on(label: str) -> Json:
    term = {"matchExpressions": [{"key": label, "operator": "Exists"}]}
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}


def _rights() -> tuple[Json, Json, Json]:
    group = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": [""], "resources": ["nodes", "services", "endpoints"], "verbs": ["list", "get", "watch"]},
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "verbs": ["list", "get", "watch", "update", "create"],
        },
    ]
    role = f"system:{_NAME}-role"
    subject = {"kind": "ServiceAccount", "name": _NAME, "namespace": _SYSTEM}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _NAME, "namespace": _SYSTEM}}
    cluster_role = {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": role}, "rules": rules}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"system:{_NAME}-binding"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [subject],
    }
    return account, cluster_role, binding


def _dump(*documents: Json) -> str:
    return str(yaml.safe_dump_all(documents, sort_keys=False))
