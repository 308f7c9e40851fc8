"""NamespaceOffloadings: which namespaces extend to which peers."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key
from sandbox.kubernetes.controllers.fitting import matches_terms
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController, is_dead, remote_id
from sandbox.kubernetes.controllers.objects import add_finalizer, deleting, drop_finalizer, labels_of, now

HOLD = "namespaceoffloading-controller.liqo.io/finalizer"
NAME = "offloading"


class Offloadings(LiqoController):
    """Writes desired mappings and reads what became of them."""

    watches = (names.OFFLOADINGS, names.MAPS, names.VIRTUAL_NODES, "nodes", names.FOREIGN_CLUSTERS)

    def keys(self, change: Change) -> Iterable[Key]:
        """One offloading, or all when peers or mappings changed."""
        obj = change.object
        if change.resource == names.OFFLOADINGS:
            return ((obj["metadata"]["namespace"], obj["metadata"]["name"]),)
        if change.resource == "nodes" and labels_of(obj).get(names.NODE_TYPE) != names.VIRTUAL:
            return ()
        found = self.api.list(names.OFFLOADINGS)
        return [(o["metadata"]["namespace"], o["metadata"]["name"]) for o in found]

    def reconcile(self, key: Key) -> None:
        """Map a namespace, or take the mapping back."""
        found = self.api.get(names.OFFLOADINGS, key[1], key[0])
        if found is None or key[1] != NAME:
            return
        if deleting(found):
            self._withdraw(found)
            return
        if not self.waited(key, "liqo.offload"):
            return
        found = add_finalizer(self.api, names.OFFLOADINGS, found, HOLD)
        self._label(key[0], "true")
        remote = self._remote_name(found)
        conditions, states = {}, []
        for mapping in self._maps():
            cid = remote_id(mapping)
            chosen = self._selects(found, cid)
            self._want(mapping, key[0], remote if chosen else None)
            state = (mapping.get("status") or {}).get("currentMapping", {}).get(key[0]) or {}
            conditions[cid] = _conditions(_before(found, cid), state.get("phase", ""), chosen=chosen)
            if chosen:
                states.append(state.get("phase", ""))
        status = {"observedGeneration": found["metadata"].get("generation", 1), "remoteNamespaceName": remote}
        status |= {"offloadingPhase": _phase(states), "remoteNamespacesConditions": conditions}
        self.api.replace_status(names.OFFLOADINGS, found | {"status": status})

    def _maps(self) -> list[Object]:
        return [m for m in self.api.list(names.MAPS, None, {names.REPLICATION: "true"}) if not deleting(m)]

    def _remote_name(self, found: Object) -> str:
        spec, namespace = found["spec"], str(found["metadata"]["namespace"])
        match spec.get("namespaceMappingStrategy", "DefaultName"):
            case "EnforceSameName":
                return namespace
            case "SelectedName":
                return str(spec.get("remoteNamespaceName") or namespace)
        return f"{namespace}-{self.cid}"

    def _selects(self, found: Object, cid: str) -> bool:
        selector = found["spec"].get("clusterSelector") or {}
        if not selector.get("nodeSelectorTerms"):
            return True
        nodes = self.api.list("nodes", None, {names.NODE_TYPE: names.VIRTUAL, names.REMOTE_ID: cid})
        return any(matches_terms(selector, node) for node in nodes)

    def _want(self, mapping: Object, namespace: str, remote: str | None) -> None:
        desired = (mapping.get("spec") or {}).get("desiredMapping") or {}
        if desired.get(namespace) != remote:
            meta = mapping["metadata"]
            patch = {"spec": {"desiredMapping": {namespace: remote}}}
            self.api.patch(names.MAPS, meta["name"], patch, meta["namespace"])

    def _label(self, namespace: str, value: str | None) -> None:
        found = self.api.get("namespaces", namespace)
        if found is not None and labels_of(found).get(names.SCHEDULING) != value:
            self.api.patch("namespaces", namespace, {"metadata": {"labels": {names.SCHEDULING: value}}})

    def _withdraw(self, found: Object) -> None:
        namespace, waiting = found["metadata"]["namespace"], False
        for mapping in self._maps():
            self._want(mapping, namespace, None)
            current = (mapping.get("status") or {}).get("currentMapping") or {}
            waiting = waiting or (namespace in current and not is_dead(self.api, remote_id(mapping)))
        if waiting:
            status = (found.get("status") or {}) | {"offloadingPhase": "Terminating"}
            self.api.replace_status(names.OFFLOADINGS, found | {"status": status})
            return
        self._label(namespace, None)
        drop_finalizer(self.api, names.OFFLOADINGS, found, HOLD)


def _phase(states: list[str]) -> str:
    if not states:
        return "NoClusterSelected"
    failed = states.count("CreationLoopBackOff")
    if failed:
        return "AllFailed" if failed == len(states) else "SomeFailed"
    return "Ready" if all(state == "Accepted" for state in states) else "InProgress"


def _before(found: Object, cid: str) -> dict[str, Object]:
    known = ((found.get("status") or {}).get("remoteNamespacesConditions") or {}).get(cid) or ()
    return {entry["type"]: entry for entry in known}


def _conditions(before: dict[str, Object], phase: str, *, chosen: bool) -> list[Object]:
    required = ("True", "ClusterSelected") if chosen else ("False", "ClusterNotSelected")
    reasons = {"Accepted": "NamespaceCreated", "": "Creating"}
    ready = ("True" if phase == "Accepted" else "False", reasons.get(phase, phase))
    entries = []
    for kind, (status, reason) in (("OffloadingRequired", required), ("Ready", ready)):
        if kind == "Ready" and not chosen and not phase:
            continue
        old = before.get(kind) or {}
        stamp = old["lastTransitionTime"] if old.get("status") == status else now()
        entries.append({"type": kind, "status": status, "reason": reason, "lastTransitionTime": stamp})
    return entries
