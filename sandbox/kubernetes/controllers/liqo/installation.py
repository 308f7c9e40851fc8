"""What Liqo makes of itself once it runs: its identity, and addresses for networks and services that it serves."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.addressing import free_network
from sandbox.kubernetes.controllers.liqo.controller import LiqoController
from sandbox.kubernetes.controllers.liqo.keys import new_identity
from sandbox.kubernetes.controllers.liqo.removal import is_leaving
from sandbox.kubernetes.controllers.objects import (
    add_finalizer,
    condition,
    deleting,
    drop_finalizer,
    ensure,
    labels_of,
    set_condition,
)

HOLD = "network.ipam.liqo.io/finalizer"
FIXED = ("pod-cidr", "service-cidr")
SELF: Key = ("", "self")
PROXY: Key = ("liqo", "liqo-proxy")


class Installation(LiqoController):
    """Furnishes the namespace ``liqo`` beside what the chart brings, and gives every Network and IP its place."""

    watches = (names.DEPLOYMENTS, "services", "configmaps", names.NETWORKS, names.IPS, names.CONFIGURATIONS)

    def keys(self, change: Change) -> Iterable[Key]:
        """Itself, a network, an address, or a configuration of a peer."""
        obj, resource = change.object, change.resource
        if resource in (names.NETWORKS, names.IPS, names.CONFIGURATIONS):
            return ((resource, *key_of(obj)),)
        ours = key_of(obj) in (names.MANAGER, PROXY, (names.NAMESPACE, names.CONFIGMAP))
        return (SELF,) if ours else ()

    def reconcile(self, key: Key) -> None:
        """One step of furnishing or addressing."""
        if key == SELF:
            if self.cid and not is_leaving(self.api) and self.waited(key, "liqo.install"):
                self._furnish()
            return
        obj = self.api.get(key[0], key[2], key[1])
        if obj is None:
            return
        match key[0]:
            case names.NETWORKS:
                self._place_network(obj)
            case names.IPS:
                self._place_address(obj)
            case _:
                self._configure(obj)

    def _furnish(self) -> None:
        meta = {"namespace": names.NAMESPACE}
        keys = {"apiVersion": "v1", "kind": "Secret", "metadata": meta | {"name": names.KEYS}, "type": "Opaque"}
        if self.api.get("secrets", names.KEYS, names.NAMESPACE) is None:
            ensure(self.api, "secrets", keys | {"data": new_identity()})
        for name, service in (("api-server", ("default", "kubernetes")), ("api-server-proxy", PROXY)):
            found = self.api.get("services", service[1], service[0])
            if found is not None and found["spec"].get("clusterIP"):
                ip = {"apiVersion": names.IPAM_V, "kind": "IP", "spec": {"ip": found["spec"]["clusterIP"]}}
                ensure(self.api, names.IPS, ip | {"metadata": meta | {"name": name}})

    def _place_network(self, network: Object) -> None:
        if deleting(network):
            drop_finalizer(self.api, names.NETWORKS, network, HOLD)
            return
        if (network.get("status") or {}).get("cidr"):
            return
        network = add_finalizer(self.api, names.NETWORKS, network, HOLD)
        wanted = network["spec"]["cidr"]
        if labels_of(network).get(names.NETWORK_TYPE) not in FIXED:
            own = [self.cluster.pod_cidr, self.cluster.service_cidr]
            others = [n for n in self.api.list(names.NETWORKS) if key_of(n) != key_of(network)]
            wanted = free_network(wanted, [*own, *((n.get("status") or {}).get("cidr") for n in others)])
        self.api.replace_status(names.NETWORKS, network | {"status": {"cidr": wanted}})
        self.enqueue(("configurations.networking.liqo.io", *key_of(c)) for c in self.api.list(names.CONFIGURATIONS))
        self.enqueue((names.IPS, *key_of(ip)) for ip in self.api.list(names.IPS))

    def _place_address(self, ip: Object) -> None:
        if deleting(ip):
            drop_finalizer(self.api, names.IPS, ip, "ip.ipam.liqo.io/finalizer")
            return
        external = self._cidr("external-cidr")
        if (ip.get("status") or {}).get("ip") or not external:
            return
        taken = {(other.get("status") or {}).get("ip") for other in self.api.list(names.IPS)}
        free = next(str(host) for host in ip_network(external).hosts() if str(host) not in taken)
        ip = add_finalizer(self.api, names.IPS, ip, "ip.ipam.liqo.io/finalizer")
        self.api.replace_status(names.IPS, ip | {"status": {"ip": free, "cidr": external}})

    def _configure(self, found: Object) -> None:
        pod, external = self._cidr("pod-cidr"), self._cidr("external-cidr")
        remote = (found["spec"].get("remote") or {}).get("cidr") or {}
        if deleting(found) or not (pod and external and remote.get("pod")):
            return
        local = {"cidr": {"pod": [pod], "external": [external]}}
        if found["spec"].get("local") != local:
            name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
            found = self.api.patch(names.CONFIGURATIONS, name, {"spec": {"local": local}}, namespace)
        seen = {
            kind: [self._remap(found, kind, cidr) for cidr in remote.get(kind) or ()] for kind in ("pod", "external")
        }
        if any(cidr is None for cidrs in seen.values() for cidr in cidrs):
            return
        generation = found["metadata"].get("generation", 1)
        known = condition(found, "NetworkCIDRsConfigured") or {}
        done = known.get("observedGeneration") == generation
        if done or self.waited((names.CONFIGURATIONS, *key_of(found)), "liqo.configuration"):
            found.setdefault("status", {})["remote"] = {"cidr": seen}
            text = "Network CIDRs are configured"
            kind = "NetworkCIDRsConfigured"
            set_condition(found, kind, "True", "NetworkCIDRsConfigured", text, observedGeneration=generation)
            self.api.replace_status(names.CONFIGURATIONS, found)

    def _remap(self, configuration: Object, kind: str, cidr: str) -> str | None:
        meta = configuration["metadata"]
        name = f"{meta['name']}-{kind}-{cidr.replace('.', '-').replace('/', '-')}"
        owner = {"apiVersion": names.NETWORKING_V, "kind": "Configuration", "name": meta["name"], "uid": meta["uid"]}
        head = {"name": name, "namespace": meta["namespace"], "labels": labels_of(configuration)}
        network = {"apiVersion": names.IPAM_V, "kind": "Network", "spec": {"cidr": cidr}}
        made = ensure(self.api, names.NETWORKS, network | {"metadata": head | {"ownerReferences": [owner]}})
        return ((made or {}).get("status") or {}).get("cidr")

    def _cidr(self, kind: str) -> str:
        for network in self.api.list(names.NETWORKS, names.NAMESPACE, {names.NETWORK_TYPE: kind}):
            if (network.get("status") or {}).get("cidr"):
                return str(network["status"]["cidr"])
        return ""
