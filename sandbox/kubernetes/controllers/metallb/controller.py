"""MetalLB's controller: gives load balancer services addresses from pools."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key, key_of
from sandbox.kubernetes.controllers.metallb.pools import ALLOCATED, NoAddress, Pool, assigned, choose, clash
from sandbox.kubernetes.controllers.metallb.pools import wanted_addresses as wanted
from sandbox.kubernetes.controllers.objects import deleting, record

POOLS, ADVERTISEMENTS = "ipaddresspools.metallb.io", "l2advertisements.metallb.io"
NAMESPACE = "metallb-system"
DEPLOYMENTS = ("metallb-controller", "controller")


class MetalLB(Controller):
    """Assigns, keeps, and takes back addresses; runs while one of MetalLB's controller Deployments is available."""

    watches = ("services", POOLS, ADVERTISEMENTS, "deployments.apps")

    def keys(self, change: Change) -> Iterable[Key]:
        """A service; all of them when pools changed or an address became free."""
        obj = change.object
        if change.resource == "deployments.apps" and obj["metadata"].get("namespace") != NAMESPACE:
            return ()
        if change.resource == "services":
            freed = change.type == "DELETED" and bool(assigned(obj))
            if not freed:
                return (key_of(obj),) if obj["spec"].get("type") == "LoadBalancer" or assigned(obj) else ()
        return [key_of(s) for s in self.api.list("services") if s["spec"].get("type") == "LoadBalancer"]

    def reconcile(self, key: Key) -> None:
        """Bring one service's address in line with the pools."""
        service = self.api.get("services", key[1], key[0])
        if service is None or deleting(service) or not self._installed():
            return
        if service["spec"].get("type") != "LoadBalancer":
            self._publish(service, None)
            return
        if service["spec"].get("loadBalancerClass"):
            return
        pools = sorted((Pool.parse(obj) for obj in self.api.list(POOLS)), key=lambda pool: pool.name)
        others = [s for s in self.api.list("services") if key_of(s) != key and assigned(s)]
        if self._may_keep(service, pools, others):
            return
        if not pools:
            self._publish(service, None)
            return
        try:
            address, pool = choose(service, others, pools)
        except NoAddress as problem:
            self._refuse(service, str(problem))
            return
        if self.waited(key, "metallb.assign"):
            self._assign(service, address, pool)

    def _installed(self) -> bool:
        for name in DEPLOYMENTS:
            found = self.api.get("deployments.apps", name, NAMESPACE)
            if found is not None and (found.get("status") or {}).get("availableReplicas"):
                return True
        return False

    def _may_keep(self, service: Object, pools: list[Pool], others: list[Object]) -> bool:
        have = assigned(service)
        if not have or (wanted(service) and have != wanted(service)):
            return False
        return all(any(p.holds(a) for p in pools) and clash(service, a, others) is None for a in have)

    def _assign(self, service: Object, address: str, pool: str) -> None:
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        patch = {"metadata": {"annotations": {ALLOCATED: pool}}}
        service = self.api.patch("services", name, patch, namespace)
        self._publish(service, address)
        record(self.api, service, "IPAllocated", f'Assigned IP ["{address}"]', source="metallb-controller")
        if not self.api.list(ADVERTISEMENTS):
            text = f"no L2Advertisement announces pool {pool}: nothing outside can reach {address}"
            record(self.api, service, "nodeNotAssigned", text, kind="Warning", source="metallb-speaker")

    def _refuse(self, service: Object, message: str) -> None:
        self._publish(service, None)
        known = self.api.list("events", service["metadata"]["namespace"])
        uid = service["metadata"]["uid"]
        if not any(e["message"] == message and e["involvedObject"].get("uid") == uid for e in known):
            record(self.api, service, "AllocationFailed", message, kind="Warning", source="metallb-controller")

    def _publish(self, service: Object, address: str | None) -> None:
        entries = [{"ip": address, "ipMode": "VIP"}] if address else []
        if [e["ip"] for e in entries] == assigned(service):
            return
        service["status"] = (service.get("status") or {}) | {"loadBalancer": {"ingress": entries} if entries else {}}
        self.api.replace_status("services", service)
