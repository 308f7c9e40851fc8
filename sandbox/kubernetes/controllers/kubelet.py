"""The kubelets of a cluster: run what is bound to their nodes, report, and clear away what is deleted."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers import containers
from sandbox.kubernetes.controllers.controller import Controller, Key, Manager, key_of
from sandbox.kubernetes.controllers.nodes import LEASE_NAMESPACE, LEASES, internal_address, kubelet_runs
from sandbox.kubernetes.controllers.objects import deleting, now, record
from sandbox.kubernetes.controllers.pods import FINISHED, phase_of
from sandbox.kubernetes.controllers.references import missing_for_mount, missing_for_start
from sandbox.kubernetes.controllers.removal import remove_pod


class Kubelet(Controller):
    """Pods from Pending to Running, to their end, and away."""

    watches = ("pods", LEASES, "secrets", "configmaps")

    def __init__(self, manager: Manager) -> None:
        super().__init__(manager)
        self._bound: dict[str, set[Key]] = {}
        self._addresses: dict[Key, str] = {}
        self._stuck: set[Key] = set()

    def keys(self, change: Change) -> Iterable[Key]:
        """A bound pod, the pods of a node, or pods that may have waited for a Secret or ConfigMap."""
        meta = change.object["metadata"]
        if change.resource == LEASES:
            return tuple(self._bound.get(meta["name"], ())) if meta["namespace"] == LEASE_NAMESPACE else ()
        if change.resource != "pods":
            return tuple(key for key in self._stuck if key[0] == meta["namespace"])
        return self._note(change)

    def reconcile(self, key: Key) -> None:
        """Take one pod one step further, if its node's kubelet runs."""
        pod = self.api.get("pods", key[1], key[0])
        node = self.api.get("nodes", pod["spec"].get("nodeName") or "") if pod else None
        if pod is None or node is None or not kubelet_runs(self.api, node["metadata"]["name"]):
            return
        if deleting(pod):
            if self.waited(key, "pod.stop"):
                remove_pod(self.api, pod)
        elif phase_of(pod) not in FINISHED:
            self._advance(key, pod, node)

    def _note(self, change: Change) -> Iterable[Key]:
        pod, key = change.object, key_of(change.object)
        node = pod["spec"].get("nodeName")
        if not node:
            return ()
        if change.type == "DELETED" or phase_of(pod) in FINISHED:
            self._addresses.pop(key, None)
            self._stuck.discard(key)
            self._bound.get(node, set()).discard(key)
        else:
            self._bound.setdefault(node, set()).add(key)
            if (pod.get("status") or {}).get("podIP") and not pod["spec"].get("hostNetwork"):
                self._addresses[key] = pod["status"]["podIP"]
        return (key,)

    def _advance(self, key: Key, pod: Object, node: Object) -> None:
        status = pod.setdefault("status", {})
        if "startTime" not in status:
            address = internal_address(node)
            status.update(startTime=now(), hostIP=address, hostIPs=[{"ip": address}])
            self._all_waiting(pod, "ContainerCreating")
        elif phase_of(pod) == "Running":
            self._end(key, pod)
        elif self.waited(key, "pod.start"):
            self._start(key, pod, node)
        self.api.replace_status("pods", pod)

    def _start(self, key: Key, pod: Object, node: Object) -> None:
        unmounted = missing_for_mount(self.api, pod)
        if unmounted:
            self._stuck.add(key)
            self._all_waiting(pod, "ContainerCreating")
            self._warn(pod, "FailedMount", unmounted)
            return
        self._give_address(key, pod, node)
        uid, policy = pod["metadata"]["uid"], pod["spec"].get("restartPolicy", "Always")
        statuses = [self._begin(key, pod, c, containers.fate_of(c, policy), uid) for c in pod["spec"]["containers"]]
        pulled = all("waiting" not in s["state"] or s["restartCount"] for s in statuses)
        inits = [
            {"terminated": {"exitCode": 0, "reason": "Completed"}} for _ in pod["spec"].get("initContainers") or ()
        ]
        if inits:
            pairs = zip(pod["spec"]["initContainers"], inits, strict=True)
            pod["status"]["initContainerStatuses"] = [
                containers.report(c, s, uid=uid) | {"ready": True} for c, s in pairs
            ]
        containers.put(pod, "Running" if pulled else "Pending", statuses)

    def _begin(self, key: Key, pod: Object, container: Object, fate: containers.Fate, uid: str) -> Object:
        image, name = container.get("image", ""), container["name"]
        if fate == "pull":
            text = f'Back-off pulling image "{image}"'
            self._warn(pod, "Failed", f'Failed to pull image "{image}": not found')
            return containers.report(container, containers.waiting("ImagePullBackOff", text), uid=uid)
        lacking = missing_for_start(self.api, pod, container)
        if lacking:
            self._stuck.add(key)
            self._warn(pod, "Failed", f"Error: {lacking}")
            return containers.report(container, containers.waiting("CreateContainerConfigError", lacking), uid=uid)
        self._stuck.discard(key)
        if fate in ("crash", "memory"):
            return self._crash(pod, container, uid)
        record(self.api, pod, "Started", f"Started container {name}", source="kubelet")
        for kind in ("startup", "readiness", "liveness"):
            if containers.fails(container, kind):
                self._warn(pod, "Unhealthy", containers.answer(container, kind))
                if kind == "liveness":
                    return self._crash(pod, container, uid)
                break
        return containers.report(container, {"running": {"startedAt": now()}}, uid=uid)

    def _crash(self, pod: Object, container: Object, uid: str) -> Object:
        place = f"{pod['metadata']['name']}_{pod['metadata']['namespace']}({uid})"
        text = f"back-off 10s restarting failed container={container['name']} pod={place}"
        self._warn(pod, "BackOff", f"Back-off restarting failed container {container['name']} in pod {place}")
        entry = containers.report(container, containers.waiting("CrashLoopBackOff", text), uid=uid, restarts=1)
        entry["lastState"] = {
            "terminated": {**containers.last_words(container), "startedAt": now(), "finishedAt": now()}
        }
        return entry

    def _end(self, key: Key, pod: Object) -> None:
        policy, uid = pod["spec"].get("restartPolicy", "Always"), pod["metadata"]["uid"]
        fates = [containers.fate_of(c, policy) for c in pod["spec"]["containers"]]
        known = (pod.get("status") or {}).get("containerStatuses") or []
        if policy == "Always" or not {"succeeds", "fails"} >= set(fates):
            containers.put(pod, "Running", known)
            return
        if not self.waited(key, "pod.run"):
            return
        failed = "fails" in fates
        if failed and policy == "OnFailure":
            containers.put(pod, "Running", [self._crash(pod, c, uid) for c in pod["spec"]["containers"]])
            return
        ended = [
            {
                "exitCode": int(fate == "fails"),
                "reason": "Error" if fate == "fails" else "Completed",
                "finishedAt": now(),
            }
            for fate in fates
        ]
        pairs = zip(pod["spec"]["containers"], ended, strict=True)
        statuses = [containers.report(c, {"terminated": end | {"startedAt": now()}}, uid=uid) for c, end in pairs]
        containers.put(pod, "Failed" if failed else "Succeeded", statuses)

    def _give_address(self, key: Key, pod: Object, node: Object) -> None:
        if pod["status"].get("podIP"):
            return
        address = pod["status"]["hostIP"] if pod["spec"].get("hostNetwork") else self._free_address(key, node)
        pod["status"].update(podIP=address, podIPs=[{"ip": address}])

    def _free_address(self, key: Key, node: Object) -> str:
        share = ip_network(node["spec"].get("podCIDR") or self.cluster.pod_cidr)
        taken = set(self._addresses.values())
        hosts = (str(host) for host in share.hosts())
        next(hosts)  # the bridge's own
        self._addresses[key] = next(host for host in hosts if host not in taken)
        return self._addresses[key]

    def _all_waiting(self, pod: Object, reason: str) -> None:
        uid = pod["metadata"]["uid"]
        state = containers.waiting(reason)
        containers.put(pod, "Pending", [containers.report(c, state, uid=uid) for c in pod["spec"]["containers"]])

    def _warn(self, pod: Object, reason: str, message: str) -> None:
        record(self.api, pod, reason, message, kind="Warning", source="kubelet")
