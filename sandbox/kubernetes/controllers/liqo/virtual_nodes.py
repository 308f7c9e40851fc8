"""Virtual nodes: a virtual kubelet and a Node for a share of a peer; and their orderly end."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController, available, is_dead, remote_id
from sandbox.kubernetes.controllers.nodes import SILENT
from sandbox.kubernetes.controllers.objects import (
    add_finalizer,
    condition,
    deleting,
    drop_finalizer,
    ensure,
    labels_of,
    matches,
    owner_ref,
    set_condition,
)
from sandbox.kubernetes.controllers.removal import remove_pod

HOLD = "virtualnode-controller.liqo.io/finalizer"
BUDGETS = "poddisruptionbudgets.policy"
KUBELET = "offloading.liqo.io/virtual-node"
FIXED_LABELS = {
    names.NODE_TYPE: names.VIRTUAL,
    "kubernetes.io/role": "agent",
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": "amd64",
    "storage.liqo.io/available": "true",
    "node.kubernetes.io/exclude-from-external-load-balancers": "true",
}
TAINT = {"key": names.NOT_ALLOWED, "value": "true", "effect": "NoExecute"}


def toward(api_list: list[Object], cid: str) -> list[Object]:
    """The virtual nodes that stand for a peer."""
    return [node for node in api_list if node["spec"].get("clusterID") == cid]


def peer_condition(foreign: Object | None, module: str, kind: str) -> str | None:
    """The status of a module's condition in a ForeignCluster; None when the module is off or has none."""
    part = (((foreign or {}).get("status") or {}).get("modules") or {}).get(module) or {}
    if not part.get("enabled"):
        return None
    return next((str(c["status"]) for c in part.get("conditions") or () if c["type"] == kind), None)


class VirtualNodes(LiqoController):
    """From VirtualNode to Deployment, NamespaceMap and Node."""

    watches = (names.VIRTUAL_NODES, names.DEPLOYMENTS, names.FOREIGN_CLUSTERS, "secrets", "nodes", "pods", BUDGETS)

    def keys(self, change: Change) -> Iterable[Key]:
        """A virtual node, or those that something around it belongs to."""
        obj, meta = change.object, change.object["metadata"]
        every = self.api.list(names.VIRTUAL_NODES)
        match change.resource:
            case names.VIRTUAL_NODES:
                return (key_of(obj),)
            case names.FOREIGN_CLUSTERS:
                found = toward(every, meta["name"])
            case "pods":
                node = obj["spec"].get("nodeName")
                found = [vn for vn in every if vn["metadata"]["name"] == node and deleting(vn)]
            case "nodes":
                found = [vn for vn in every if vn["metadata"]["name"] == meta["name"]]
            case names.DEPLOYMENTS:
                found = [vn for vn in every if labels_of(obj).get(KUBELET) == vn["metadata"]["name"]]
            case "secrets":
                found = toward(every, remote_id(obj)) if names.IDENTITY_TYPE in labels_of(obj) else []
            case _:
                found = [vn for vn in every if deleting(vn)]
        return [key_of(vn) for vn in found]

    def reconcile(self, key: Key) -> None:
        """Bring the virtual kubelet and its Node up, or drain them."""
        found = self.api.get(names.VIRTUAL_NODES, key[1], key[0])
        if found is None:
            return
        if deleting(found):
            self._drain(found)
            return
        found = add_finalizer(self.api, names.VIRTUAL_NODES, found, HOLD)
        self._map(found)
        ref = (found["spec"].get("kubeconfigSecretRef") or {}).get("name", "")
        if self.api.get("secrets", ref, key[0]) is None or not self.waited(key, "liqo.virtual-node"):
            return
        self._kubelet(found)
        running = available(self.api, f"vk-{key[1]}", key[0])
        wants_node = found["spec"].get("createNode", True)
        if running and wants_node:
            self._node(found)
        self._say(found, "Running" if running else "Creating", _node_word(wants=wants_node, running=running))

    def _map(self, found: Object) -> None:
        cid, namespace = found["spec"]["clusterID"], found["metadata"]["namespace"]
        labels = {names.REPLICATION: "true", names.REMOTE: cid, names.REMOTE_ID: cid}
        head = {"name": cid, "namespace": namespace, "labels": labels}
        full = {"apiVersion": names.OFFLOADING_V, "kind": "NamespaceMap", "metadata": head, "spec": {}}
        ensure(self.api, names.MAPS, full)

    def _kubelet(self, found: Object) -> None:
        meta = found["metadata"]
        labels = {
            names.COMPONENT: "virtual-kubelet",
            KUBELET: meta["name"],
            names.REMOTE_ID: found["spec"]["clusterID"],
        }
        head = {"name": f"vk-{meta['name']}", "namespace": meta["namespace"], "labels": labels}
        head["ownerReferences"] = [owner_ref(found)]
        pod = {"containers": [{"name": "virtual-kubelet", "image": "liqotech/virtual-kubelet:v1.2.0"}]}
        spec = {"replicas": 1, "selector": {"matchLabels": {KUBELET: meta["name"]}}}
        spec["template"] = {"metadata": {"labels": labels}, "spec": pod}
        full = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": head, "spec": spec}
        ensure(self.api, names.DEPLOYMENTS, full)

    def _node(self, found: Object) -> None:
        spec, name = found["spec"], found["metadata"]["name"]
        labels = (spec.get("labels") or {}) | FIXED_LABELS
        labels |= {names.REMOTE_ID: spec["clusterID"], "kubernetes.io/hostname": name}
        taints = [TAINT, *(spec.get("taints") or ())]
        head = {"name": name, "labels": labels, "annotations": spec.get("annotations") or {}}
        node = ensure(
            self.api, "nodes", {"apiVersion": "v1", "kind": "Node", "metadata": head, "spec": {"taints": taints}}
        )
        if node is None:
            return
        hard = {"pods": "110"} | ((spec.get("resourceQuota") or {}).get("hard") or {})
        info = dict.fromkeys(_INFO, "") | {"kubeletVersion": "v1.2.0", "operatingSystem": "linux"}
        addresses = [{"type": "InternalIP", "address": self._kubelet_address(found)}]
        status = node.setdefault("status", {})
        status.update(capacity=hard, allocatable=hard, nodeInfo=info | {"architecture": "amd64"}, addresses=addresses)
        self._judge(found, node)
        self.api.replace_status("nodes", node)

    def _kubelet_address(self, found: Object) -> str:
        labels = {KUBELET: found["metadata"]["name"]}
        pods = self.api.list("pods", found["metadata"]["namespace"], labels)
        return next((str(p["status"]["podIP"]) for p in pods if (p.get("status") or {}).get("podIP")), "")

    def _judge(self, found: Object, node: Object) -> None:
        foreign = self.api.get(names.FOREIGN_CLUSTERS, found["spec"]["clusterID"])
        tunnel = peer_condition(foreign, "networking", "NetworkConnectionStatus")
        down = tunnel not in (None, "Established") and not found["spec"].get("disableNetworkCheck")
        words = ("True", "LiqoNetworkNotReady", "The Liqo networking is down") if down else ()
        set_condition(
            node, "NetworkUnavailable", *(words or ("False", "LiqoNetworkReady", "The Liqo networking is up"))
        )
        api = (condition(foreign or {}, "APIServerStatus") or {}).get("status", "Established")
        ready = (condition(node, "Ready") or {}).get("status")
        key = key_of(found)
        if down:
            set_condition(node, "Ready", "False", "KubeletNotReady", "The Liqo networking is down")
        elif api == "Established":
            set_condition(node, "Ready", "True", "KubeletReady", "The virtual kubelet is posting ready status")
        elif ready == "Unknown" or ready is None or self.waited(key, "liqo.lease"):
            set_condition(node, "Ready", "Unknown", *SILENT)
        self._mark_pods(node)

    def _mark_pods(self, node: Object) -> None:
        bad = (condition(node, "Ready") or {}).get("status") != "True"
        for pod in self.api.list("pods"):
            if pod["spec"].get("nodeName") != node["metadata"]["name"]:
                continue
            if (labels_of(pod).get(names.UNAVAILABLE) == "true") != bad:
                patch = {"metadata": {"labels": {names.UNAVAILABLE: "true" if bad else None}}}
                self.api.patch("pods", pod["metadata"]["name"], patch, pod["metadata"]["namespace"])

    def _drain(self, found: Object) -> None:
        name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
        dead = is_dead(self.api, found["spec"]["clusterID"])
        node = self.api.get("nodes", name)
        if node is not None:
            self._say(found, "Running", "Draining")
            if not node["spec"].get("unschedulable"):
                self.api.patch("nodes", name, {"spec": {"unschedulable": True}})
            left = [pod for pod in self.api.list("pods") if pod["spec"].get("nodeName") == name]
            for pod in left:
                self._evict(pod, dead=dead)
            if any(pod["spec"].get("nodeName") == name for pod in self.api.list("pods")):
                return
        self.api.delete(names.DEPLOYMENTS, f"vk-{name}", namespace)
        self.api.delete("nodes", name)
        cid = found["spec"]["clusterID"]
        if len(toward(self.api.list(names.VIRTUAL_NODES), cid)) == 1:
            self.api.delete(names.MAPS, cid, namespace)
        drop_finalizer(self.api, names.VIRTUAL_NODES, self.api.get(names.VIRTUAL_NODES, name, namespace) or found, HOLD)

    def _evict(self, pod: Object, *, dead: bool) -> None:
        if dead:
            remove_pod(self.api, pod)
        elif not deleting(pod) and self._may_evict(pod):
            self.api.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"])

    def _may_evict(self, pod: Object) -> bool:
        budgets = self.api.list(BUDGETS, pod["metadata"]["namespace"])
        own = [b for b in budgets if matches(b["spec"].get("selector"), labels_of(pod))]
        return all((b.get("status") or {}).get("disruptionsAllowed", 0) > 0 for b in own)

    def _say(self, found: Object, kubelet: str, node: str) -> None:
        for kind, word in (("VirtualKubelet", kubelet), ("Node", node)):
            set_condition(found, kind, word)
        self.api.replace_status(names.VIRTUAL_NODES, found)


_INFO = (
    *("machineID", "systemUUID", "bootID", "kernelVersion", "osImage"),
    *("containerRuntimeVersion", "kubeProxyVersion"),
)


def _node_word(*, wants: bool, running: bool) -> str:
    if not wants:
        return "None"
    return "Running" if running else "Creating"
