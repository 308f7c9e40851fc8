"""The virtual kubelet: pods bound to a virtual node run on the peer, and their status comes back."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.fleet import Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.addressing import seen_here
from sandbox.kubernetes.controllers.liqo.contact import contact
from sandbox.kubernetes.controllers.liqo.controller import LiqoController, available, cluster_id, is_dead
from sandbox.kubernetes.controllers.liqo.mapping import came_from, configuration_of, origin_marks, remote_namespace
from sandbox.kubernetes.controllers.objects import condition, deleting, labels_of, set_condition
from sandbox.kubernetes.controllers.pods import FINISHED, phase_of
from sandbox.kubernetes.controllers.removal import remove_pod

SHAPING = ("nodeName", "nodeSelector", "affinity", "tolerations", "topologySpreadConstraints", "schedulerName")
STATUS = ("phase", "startTime", "containerStatuses", "initContainerStatuses", "qosClass", "message", "reason")
BACKOFF = "OffloadingBackOff"


class VirtualPods(LiqoController):
    """Keys are namespace and name of pods of this cluster."""

    watches = ("pods", names.MAPS, names.VIRTUAL_NODES, names.FOREIGN_CLUSTERS, names.DEPLOYMENTS, names.CONFIGURATIONS)
    foreign = ("pods", names.SHADOW_PODS)

    def keys(self, change: Change) -> Iterable[Key]:
        """A pod; all offloaded pods when what carries them changed."""
        if change.resource == "pods":
            ours = change.object["spec"].get("nodeName") in self._virtual()
            return (key_of(change.object),) if ours else ()
        if change.resource == names.DEPLOYMENTS and names.COMPONENT not in labels_of(change.object):
            return ()
        return self.fleet_keys()

    def foreign_keys(self, member: Member, change: Change) -> Iterable[Key]:
        """The local pod of one that changed on a peer."""
        if not came_from(change.object, self.cid):
            return ()
        meta, cid = change.object["metadata"], cluster_id(member.api)
        for found in self.api.list(names.MAPS, None, {names.REPLICATION: "true", names.REMOTE_ID: cid}):
            current = (found.get("status") or {}).get("currentMapping") or {}
            for local, entry in current.items():
                if entry["remoteNamespace"] == meta["namespace"]:
                    return ((local, meta["name"]),)
        return ()

    def fleet_keys(self) -> Iterable[Key]:
        """All offloaded pods."""
        nodes = self._virtual()
        return [key_of(pod) for pod in self.api.list("pods") if pod["spec"].get("nodeName") in nodes]

    def reconcile(self, key: Key) -> None:
        """Run, mirror, or remove one pod over there."""
        pod = self.api.get("pods", key[1], key[0])
        if pod is None:
            self._forget(key)
            return
        node = self._virtual().get(pod["spec"].get("nodeName") or "")
        if node is None:
            return
        cid = node["spec"]["clusterID"]
        self.peer(cid)
        there, remote = self._reach(cid), remote_namespace(self.api, cid, key[0])
        if deleting(pod):
            self._remove(pod, cid, there)
        elif phase_of(pod) in FINISHED or not available(self.api, f"vk-{node['metadata']['name']}", _home(node)):
            return
        elif not remote:
            self._back_off(pod, "namespace not offloaded to the remote cluster")
        elif there is not None and self.waited(key, "liqo.pod"):
            self._run(pod, node, there, remote)

    def _virtual(self) -> dict[str, Object]:
        return {node["metadata"]["name"]: node for node in self.api.list(names.VIRTUAL_NODES)}

    def _reach(self, cid: str) -> Member | None:
        line = contact(self.fleet, self.cluster, cid)
        return line.member if line is not None and line.accepts(self.cid) else None

    def _run(self, pod: Object, node: Object, there: Member, remote: str) -> None:
        cid, meta = node["spec"]["clusterID"], pod["metadata"]
        if there.api.get(names.SHADOW_PODS, meta["name"], remote) is None:
            head = {"name": meta["name"], "namespace": remote, "annotations": meta.get("annotations") or {}}
            head["labels"] = labels_of(pod) | origin_marks(self.cid, cid)
            spec = {"pod": _remote_spec(pod["spec"], node["spec"].get("offloadingPatch") or {})}
            full = {"apiVersion": names.OFFLOADING_V, "kind": "ShadowPod", "metadata": head, "spec": spec}
            there.api.create(names.SHADOW_PODS, full)
        if labels_of(pod).get(names.SHADOW_POD) != "true":
            patch = {"metadata": {"labels": {names.SHADOW_POD: "true"}}}
            pod = self.api.patch("pods", meta["name"], patch, meta["namespace"])
        twin = there.api.get("pods", meta["name"], remote)
        if twin is not None:
            self._mirror(pod, twin, cid)

    def _mirror(self, pod: Object, twin: Object, cid: str) -> None:
        source, target = twin.get("status") or {}, pod.setdefault("status", {})
        for field in STATUS:
            target.pop(field, None)
            if field in source:
                target[field] = source[field]
        for entry in source.get("conditions") or ():
            set_condition(pod, entry["type"], entry["status"], entry.get("reason", ""), entry.get("message", ""))
        set_condition(pod, "PodScheduled", "True")
        if source.get("podIP"):
            address = seen_here(configuration_of(self.api, cid), source["podIP"])
            target.update(podIP=address, podIPs=[{"ip": address}])
        node = self.api.get("nodes", pod["spec"]["nodeName"]) or {}
        hosts = [a["address"] for a in (node.get("status") or {}).get("addresses") or () if a["address"]]
        if hosts:
            target.update(hostIP=hosts[0], hostIPs=[{"ip": hosts[0]}])
        if (condition(node, "Ready") or {}).get("status") != "True":
            set_condition(pod, "Ready", "False", "NodeNotReady")
        self.api.replace_status("pods", pod)

    def _back_off(self, pod: Object, message: str) -> None:
        status = pod.setdefault("status", {})
        status.update(phase="Pending", reason=BACKOFF, message=message)
        self.api.replace_status("pods", pod)

    def _remove(self, pod: Object, cid: str, there: Member | None) -> None:
        line = contact(self.fleet, self.cluster, cid)
        banished = line is not None and line.member is not None and there is None
        lost = line is None or banished or is_dead(self.api, cid)
        if lost or (there is not None and not self._withdraw(pod, there, cid)):
            remove_pod(self.api, pod)

    def _withdraw(self, pod: Object, there: Member, cid: str) -> bool:
        meta = pod["metadata"]
        current = self.api.list(names.MAPS, None, {names.REPLICATION: "true", names.REMOTE_ID: cid})
        entries = [((m.get("status") or {}).get("currentMapping") or {}).get(meta["namespace"]) for m in current]
        for remote in [entry["remoteNamespace"] for entry in entries if entry]:
            shadow = there.api.get(names.SHADOW_PODS, meta["name"], remote)
            if shadow is not None and not deleting(shadow):
                there.api.delete(names.SHADOW_PODS, meta["name"], remote)
            if there.api.get("pods", meta["name"], remote) is not None:
                return True
        return False

    def _forget(self, key: Key) -> None:
        for node in self._virtual().values():
            cid = node["spec"]["clusterID"]
            there, remote = self._reach(cid), remote_namespace(self.api, cid, key[0])
            shadow = there.api.get(names.SHADOW_PODS, key[1], remote) if there and remote else None
            if there and shadow is not None and came_from(shadow, self.cid):
                there.api.delete(names.SHADOW_PODS, key[1], remote)


def _home(node: Object) -> str:
    return str(node["metadata"]["namespace"])


def _without_account(named: list[Object] | None) -> list[Object]:
    """Volumes or mounts but those of the account, which the peer adds anew."""
    return [each for each in named or () if not each["name"].startswith("kube-api-access")]


def _remote_spec(spec: Object, patch: Object) -> Object:
    kept = {k: v for k, v in spec.items() if k not in SHAPING}
    kept["volumes"] = _without_account(spec.get("volumes"))
    for group in ("initContainers", "containers"):
        if group in spec:
            kept[group] = [c | {"volumeMounts": _without_account(c.get("volumeMounts"))} for c in spec[group]]
    shaping = {k: patch[k] for k in ("nodeSelector", "affinity", "tolerations", "runtimeClassName") if patch.get(k)}
    kept.pop("runtimeClassName", None)
    return kept | shaping
