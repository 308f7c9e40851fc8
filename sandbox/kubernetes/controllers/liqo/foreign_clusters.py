"""ForeignClusters: everything this cluster knows about a peer, in one status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key
from sandbox.kubernetes.controllers.fleet import Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.contact import Contact, contact
from sandbox.kubernetes.controllers.liqo.controller import (
    LiqoController,
    available,
    duration_s,
    manager_flag,
    remote_id,
    tenant_namespace,
)
from sandbox.kubernetes.controllers.liqo.virtual_nodes import toward
from sandbox.kubernetes.controllers.objects import (
    add_finalizer,
    condition,
    deleting,
    drop_finalizer,
    ensure,
    is_true,
    now,
    set_condition,
)

HOLD = "api-server-checker.liqo.io/finalizer"
PING_TIMEOUT_S = 5.0
"""Of the liveness check of a peer's API, unless a flag says otherwise."""
LABELLED = (
    *(names.CONFIGURATIONS, names.CONNECTIONS, names.SERVERS, names.CLIENTS),
    *(names.TENANTS, names.IDENTITIES, names.SLICES, names.VIRTUAL_NODES),
)
Found = dict[str, list[Object]]


class ForeignClusters(LiqoController):
    """One object per peer, made as soon as anything about the peer exists."""

    watches = (*LABELLED, names.FOREIGN_CLUSTERS, names.DEPLOYMENTS, "nodes", "namespaces", "secrets")
    foreign = (names.TENANTS, "configmaps")

    def keys(self, change: Change) -> Iterable[Key]:
        """The peer that something is about."""
        if change.resource == names.FOREIGN_CLUSTERS:
            return (("", change.object["metadata"]["name"]),)
        cid = remote_id(change.object)
        return (("", cid),) if cid else ()

    def foreign_keys(self, member: object, change: Change) -> Iterable[Key]:
        """All, when a peer's Liqo came or went."""
        del member
        return self.fleet_keys() if change.object["metadata"].get("namespace") == names.NAMESPACE else ()

    def fleet_keys(self) -> Iterable[Key]:
        """All."""
        return [("", found["metadata"]["name"]) for found in self.api.list(names.FOREIGN_CLUSTERS)]

    def reconcile(self, key: Key) -> None:
        """Gather and judge."""
        cid = key[1]
        found: Found = {kind: self.api.list(kind, None, {names.REMOTE_ID: cid}) for kind in LABELLED}
        found[names.VIRTUAL_NODES] = toward(self.api.list(names.VIRTUAL_NODES), cid)
        foreign = self.api.get(names.FOREIGN_CLUSTERS, cid)
        if foreign is None:
            if not any(found.values()):
                return
            head = {"name": cid, "labels": {names.REMOTE_ID: cid}}
            body = {"apiVersion": names.CORE_V, "kind": "ForeignCluster", "spec": {"clusterID": cid}}
            foreign = ensure(self.api, names.FOREIGN_CLUSTERS, body | {"metadata": head})
            if foreign is None:
                return
        if deleting(foreign):
            drop_finalizer(self.api, names.FOREIGN_CLUSTERS, foreign, HOLD)
            return
        self.peer(cid)
        foreign = add_finalizer(self.api, names.FOREIGN_CLUSTERS, foreign, HOLD)
        self._judge(key, foreign, found)
        self.api.replace_status(names.FOREIGN_CLUSTERS, foreign)

    def _judge(self, key: Key, foreign: Object, found: Found) -> None:
        cid, status = key[1], foreign.setdefault("status", {})
        line = contact(self.fleet, self.cluster, cid)
        control = [i for i in found[names.IDENTITIES] if i["spec"].get("type") == "ControlPlane"]
        provider = bool(control or line)
        consumer = bool(found[names.TENANTS])
        roles = {(True, True): "ConsumerAndProvider", (True, False): "Provider", (False, True): "Consumer"}
        status["role"] = roles.get((provider, consumer), "Unknown")
        before = status.get("modules") or {}
        status["modules"] = {
            "networking": _module(before.get("networking"), self._networking(found)),
            "authentication": _module(before.get("authentication"), _authentication(found, control)),
            "offloading": _module(before.get("offloading"), self._offloading(found)),
        }
        namespaces = {"local": tenant_namespace(self.api, cid), "remote": line.namespace if line else ""}
        status["tenantNamespace"] = {k: v for k, v in namespaces.items() if v}
        status["observedGeneration"] = foreign["metadata"].get("generation", 1)
        self._ping(key, foreign, line)

    def _ping(self, key: Key, foreign: Object, line: Contact | None) -> None:
        status, known = foreign["status"], condition(foreign, "APIServerStatus")
        if line is None:
            status.pop("apiServerUrl", None)
            kept = [c for c in status.get("conditions") or () if c["type"] != "APIServerStatus"]
            status["conditions"] = kept
            return
        status["apiServerUrl"] = line.url
        slow = line.member is not None and not self._in_time(line.member)
        if line.member is not None and not slow:
            text = "The API server of the foreign cluster is ready"
            set_condition(foreign, "APIServerStatus", "Established", "APIServerReady", text)
        elif known is None or known["status"] != "Established" or self.waited(key, "liqo.api-check"):
            why = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)" if slow else line.why
            text = f"The API server of the foreign cluster is not ready: {why}"
            set_condition(foreign, "APIServerStatus", "Error", "APIServerNotReady", text)

    def _in_time(self, member: Member) -> bool:
        """Whether a new connection (TCP, TLS, HTTP: three round trips) is answered before Liqo's own time-out."""
        allowed = duration_s(manager_flag(self.api, "foreign-cluster-ping-timeout")) or PING_TIMEOUT_S
        return 3 * self.fleet.latency_ms(self.cluster.uid, member.uid) / 1000 < allowed

    def _networking(self, found: Found) -> dict[str, str]:
        gateways = [*found[names.SERVERS], *found[names.CLIENTS]]
        if not (gateways or found[names.CONFIGURATIONS] or found[names.CONNECTIONS]):
            return {}
        states: dict[str, str] = {}
        done = [is_true(c, "NetworkCIDRsConfigured") for c in found[names.CONFIGURATIONS]]
        states["NetworkConfigurationStatus"] = _ready(bool(done) and all(done))
        states["NetworkGatewayPresence"] = _ready(bool(gateways))
        for kind, resource in (("Server", names.SERVERS), ("Client", names.CLIENTS)):
            for gateway in found[resource]:
                up = available(self.api, f"gw-{gateway['metadata']['name']}", gateway["metadata"]["namespace"])
                states[f"NetworkGateway{kind}Status"] = _ready(up)
        words = {"Connected": "Established", "Error": "Error"}
        for connection in found[names.CONNECTIONS]:
            value = (connection.get("status") or {}).get("value", "")
            states["NetworkConnectionStatus"] = words.get(value, "Pending")
        return states

    def _offloading(self, found: Found) -> dict[str, str]:
        nodes = found[names.VIRTUAL_NODES]
        if not nodes:
            return {}
        running = [(condition(n, "VirtualKubelet") or {}).get("status") == "Running" for n in nodes]
        real = [self.api.get("nodes", n["metadata"]["name"]) for n in nodes if n["spec"].get("createNode", True)]
        ready = [n is not None and is_true(n, "Ready") for n in real]
        return {"OffloadingVirtualNodeStatus": _some(running), "OffloadingNodeStatus": _some(ready)}


def _authentication(found: Found, control: list[Object]) -> dict[str, str]:
    states: dict[str, str] = {}
    if found[names.TENANTS]:
        done = all((t.get("status") or {}).get("tenantNamespace") for t in found[names.TENANTS])
        keys = [t for t in found[names.TENANTS] if t["spec"].get("authzPolicy") != "TolerateNoHandshake"]
        done = done and all((t.get("status") or {}).get("authParams") for t in keys)
        states["AuthTenantStatus"] = _ready(done)
    if control:
        done = all((i.get("status") or {}).get("kubeconfigSecretRef") for i in control)
        states["AuthIdentityControlPlaneStatus"] = _ready(done)
    return states


def _module(before: Any, states: dict[str, str]) -> Object:
    known = {c["type"]: c for c in (before or {}).get("conditions") or ()}
    conditions = []
    for kind, status in states.items():
        old = known.get(kind) or {}
        stamp = old["lastTransitionTime"] if old.get("status") == status else now()
        text = f"{kind} is {status}"
        entry = {"type": kind, "status": status, "reason": f"{kind}{status}", "message": text}
        conditions.append(entry | {"lastTransitionTime": stamp})
    return {"enabled": bool(states), "conditions": conditions}


def _ready(fine: object) -> str:
    return "Ready" if fine else "NotReady"


def _some(flags: list[bool]) -> str:
    if all(flags):
        return "Ready"
    return "SomeNotReady" if any(flags) else "NotReady"
