"""Nodes: joining, readiness as their kubelets and the node lifecycle controller report it, and taints that follow."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any, TypedDict, Unpack

from sandbox.kubernetes.api import Api, Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import (
    annotations_of,
    condition,
    controller_of,
    deleting,
    ensure,
    now,
    record,
    set_condition,
)
from sandbox.kubernetes.controllers.pods import phase_of

LEASES, LEASE_NAMESPACE = "leases.coordination.k8s.io", "kube-node-lease"
CNI_SETS = ("kube-flannel-ds", "calico-node", "cilium", "kindnet")
BACKEND = "flannel.alpha.coreos.com/backend-type"
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
NO_CNI = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
PRESSURES = {
    "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
}
SILENT = ("NodeStatusUnknown", "Kubelet stopped posting node status.")


class NodeOptions(TypedDict, total=False):
    """What a node may bring along; sizes are those of its machine."""

    labels: dict[str, str]
    annotations: dict[str, str]
    taints: list[Object]
    provider_id: str
    external_address: str
    cpu: int
    memory_mib: int
    os_image: str
    architecture: str


def register_node(api: Api, name: str, address: str, kubelet_version: str, **options: Unpack[NodeOptions]) -> None:
    """Let a kubelet register its node; a node that is known only gets its kubelet and labels renewed.

    A provider id that starts with ``k3s://`` says that the CNI is built in, unless the annotation
    ``flannel.alpha.coreos.com/backend-type`` is ``none``.
    """
    architecture = options.get("architecture", "amd64")
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture}
    labels |= {"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": architecture} | options.get("labels", {})
    meta: Object = {"name": name, "labels": labels, "annotations": options.get("annotations", {})}
    first = [{"key": NOT_READY, "effect": "NoSchedule"}]
    spec: Object = {"taints": [*options.get("taints", []), *first]}
    if options.get("provider_id"):
        spec["providerID"] = options["provider_id"]
    if api.get("nodes", name) is None:
        api.create("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": spec})
    else:
        api.patch("nodes", name, {"metadata": {"labels": labels, "annotations": meta["annotations"]}})
    node = api.get("nodes", name) or {}
    node["status"] = (node.get("status") or {}) | _facts(name, address, kubelet_version, options)
    if condition(node, "Ready") is None:
        _post(node, "False", "KubeletNotReady", NO_CNI)
    api.replace_status("nodes", node)
    set_node_alive(api, name, alive=True)


def set_node_alive(api: Api, name: str, alive: bool) -> None:
    """Say whether the kubelet of a node runs, by whether it holds the node's lease."""
    if api.get("nodes", name) is None:
        return
    holder = name if alive else None
    found = api.get(LEASES, name, LEASE_NAMESPACE)
    if found is not None:
        api.patch(LEASES, name, {"spec": {"holderIdentity": holder}}, LEASE_NAMESPACE)
        return
    ns = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": LEASE_NAMESPACE}}
    ensure(api, "namespaces", ns)
    lease: Object = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": {"leaseDurationSeconds": 40}}
    if holder:
        lease["spec"] |= {"holderIdentity": holder, "renewTime": now().replace("Z", ".000000Z")}
    ensure(api, LEASES, lease | {"metadata": {"name": name, "namespace": LEASE_NAMESPACE}})


def kubelet_runs(api: Api, name: str) -> bool | None:
    """Whether the kubelet of a node runs; None for a node without one, such as a virtual node."""
    lease = api.get(LEASES, name, LEASE_NAMESPACE)
    return None if lease is None else lease["spec"].get("holderIdentity") == name


def internal_address(node: Object) -> str:
    """The node's address inside its network; empty when it has none."""
    for kind in ("InternalIP", "ExternalIP"):
        for entry in node.get("status", {}).get("addresses") or ():
            if entry["type"] == kind:
                return str(entry["address"])
    return ""


class Nodes(Controller):
    """Ready follows the kubelet and its CNI; taints follow Ready; every node gets its share of the pod CIDR."""

    watches = ("nodes", LEASES, "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """The node itself, the node of a lease, the node that a CNI pod runs on."""
        if change.resource == "pods":
            ref = controller_of(change.object) or {}
            node = change.object["spec"].get("nodeName")
            return (("", node),) if node and ref.get("name") in CNI_SETS else ()
        if change.resource == LEASES and change.object["metadata"]["namespace"] != LEASE_NAMESPACE:
            return ()
        return (("", change.object["metadata"]["name"]),)

    def reconcile(self, key: Key) -> None:
        """Post the kubelet's state and let the taints follow."""
        node = self.api.get("nodes", key[1])
        if node is None or deleting(node):
            if node is None:
                self.api.delete(LEASES, key[1], LEASE_NAMESPACE)
            return
        alive = kubelet_runs(self.api, key[1])
        if alive is not None:
            self._give_cidr(node)
            self._report(key, node, alive=alive)
        self._taint(node)

    def _give_cidr(self, node: Object) -> None:
        if node["spec"].get("podCIDR"):
            return
        every = ip_network(self.cluster.pod_cidr)
        taken = {other["spec"].get("podCIDR") for other in self.api.list("nodes")}
        shares = every.subnets(new_prefix=max(24, every.prefixlen))
        free = next((str(share) for share in shares if str(share) not in taken), None)
        if free is None:
            record(self.api, node, "CIDRNotAvailable", "Node has no available CIDR", kind="Warning")
            return
        spec = {"podCIDR": free, "podCIDRs": [free]}
        node["metadata"] = self.api.patch("nodes", node["metadata"]["name"], {"spec": spec})["metadata"]
        node["spec"] |= spec

    def _report(self, key: Key, node: Object, *, alive: bool) -> None:
        ready = condition(node, "Ready") or {"status": "False"}
        if alive and not self._has_cni(node):
            changed = _post(node, "False", "KubeletNotReady", NO_CNI)
        elif alive and (ready["status"] == "True" or self.waited(key, "node.ready")):
            changed = _post(node, "True", "KubeletReady", "kubelet is posting ready status")
        elif not alive and (ready["status"] == "Unknown" or self.waited(key, "node.grace")):
            changed = _post(node, "Unknown", *SILENT)
            self._unready_pods(key[1])
        else:
            return
        if changed:
            status = (condition(node, "Ready") or {})["status"]
            word = "NodeReady" if status == "True" else "NodeNotReady"
            record(self.api, node, word, f"Node {key[1]} status is now: {word}", source="node-controller")
        self.api.replace_status("nodes", node)

    def _has_cni(self, node: Object) -> bool:
        backend = annotations_of(node).get(BACKEND, "")
        built_in = bool(backend) or str(node["spec"].get("providerID", "")).startswith("k3s://")
        if built_in and backend != "none":
            return True
        name = node["metadata"]["name"]
        for pod in self.api.list("pods"):
            ref = controller_of(pod) or {}
            on_node = pod["spec"].get("nodeName") == name and phase_of(pod) == "Running"
            if on_node and ref.get("name") in CNI_SETS:
                return True
        return False

    def _unready_pods(self, node: str) -> None:
        for pod in self.api.list("pods"):
            if pod["spec"].get("nodeName") == node and (condition(pod, "Ready") or {}).get("status") == "True":
                set_condition(pod, "Ready", "False")
                self.api.replace_status("pods", pod)

    def _taint(self, node: Object) -> None:
        ready = (condition(node, "Ready") or {}).get("status")
        wanted = [taint for taint in node["spec"].get("taints") or () if taint["key"] not in _MANAGED]
        for key in _taints_for(ready):
            wanted += [_keep(node, key, effect) for effect in ("NoSchedule", "NoExecute")]
        if node["spec"].get("unschedulable"):
            wanted.append(_keep(node, UNSCHEDULABLE, "NoSchedule"))
        if wanted != (node["spec"].get("taints") or []):
            self.api.patch("nodes", node["metadata"]["name"], {"spec": {"taints": wanted or None}})


_MANAGED = (NOT_READY, UNREACHABLE, UNSCHEDULABLE)


def _taints_for(ready: str | None) -> tuple[str, ...]:
    return {"True": (), "Unknown": (UNREACHABLE,)}.get(ready or "False", (NOT_READY,))


def _keep(node: Object, key: str, effect: str) -> Object:
    for taint in node["spec"].get("taints") or ():
        if (taint["key"], taint["effect"]) == (key, effect):
            return dict(taint)
    return {"key": key, "effect": effect, "timeAdded": now()}


def _post(node: Object, ready: str, reason: str, message: str) -> bool:
    for kind, words in PRESSURES.items():
        if ready == "Unknown":
            set_condition(node, kind, "Unknown", *SILENT)
        else:
            set_condition(node, kind, "False", *words)
    return set_condition(node, "Ready", ready, reason, message)


def _facts(name: str, address: str, version: str, options: NodeOptions) -> Object:
    addresses = [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]
    if options.get("external_address"):
        addresses.insert(1, {"type": "ExternalIP", "address": options["external_address"]})
    memory_mib = options.get("memory_mib", 8192)
    size: Object = {"cpu": str(options.get("cpu", 4)), "memory": f"{memory_mib}Mi", "pods": "110"}
    size |= {"ephemeral-storage": "40Gi", "hugepages-2Mi": "0"}
    info: dict[str, Any] = {"kubeletVersion": version, "kubeProxyVersion": "", "operatingSystem": "linux"}
    info |= {
        "architecture": options.get("architecture", "amd64"),
        "osImage": options.get("os_image", "Ubuntu 24.04.3 LTS"),
    }
    info |= {"containerRuntimeVersion": "containerd://2.1.4", "kernelVersion": "6.8.0-86-generic"}
    info |= {"machineID": name, "systemUUID": name, "bootID": name}
    free = size | {"memory": f"{memory_mib - 100}Mi"}
    return {"addresses": addresses, "capacity": size, "allocatable": free, "nodeInfo": info}
