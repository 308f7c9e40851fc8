"""Services: cluster addresses, node ports, and the address of the API itself."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import deleting, ensure

NODE_PORTS = range(30000, 32768)


class Services(Controller):
    """Gives a service what its creation left open."""

    watches = ("services", "namespaces")

    def keys(self, change: Change) -> Iterable[Key]:
        """A service; the API's own service once the default namespace is there."""
        meta = change.object["metadata"]
        if change.resource == "namespaces":
            return (("default", "kubernetes"),) if meta["name"] == "default" else ()
        return ((meta["namespace"], meta["name"]),)

    def reconcile(self, key: Key) -> None:
        """Allocate addresses and ports."""
        service = self.api.get("services", key[1], key[0])
        if service is None and key == ("default", "kubernetes"):
            self._expose_api()
        if service is None or deleting(service) or service["spec"].get("type") == "ExternalName":
            return
        patch: Object = {}
        if not service["spec"].get("clusterIP"):
            address = self._free_address()
            patch |= {"clusterIP": address, "clusterIPs": [address]}
        ports = self._with_node_ports(service)
        if ports != (service["spec"].get("ports") or []):
            patch["ports"] = ports
        if patch:
            self.api.patch("services", key[1], {"spec": patch}, key[0])

    def _free_address(self) -> str:
        taken = {service["spec"].get("clusterIP") for service in self.api.list("services")}
        hosts = list(map(str, _first(self.cluster.service_cidr)))
        return next(host for host in hosts[10:] if host not in taken)

    def _with_node_ports(self, service: Object) -> list[Object]:
        spec = service["spec"]
        wants = spec.get("type") == "NodePort" or (
            spec.get("type") == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)
        )
        ports: list[Object] = [dict(port) for port in spec.get("ports") or ()]
        if not wants or all(port.get("nodePort") for port in ports):
            return ports
        every = [port for other in self.api.list("services") for port in other["spec"].get("ports") or ()]
        taken = {port.get("nodePort") for port in every}
        free = (number for number in NODE_PORTS if number not in taken)
        return [port if port.get("nodePort") else port | {"nodePort": next(free)} for port in ports]

    def _expose_api(self) -> None:
        address = str(next(iter(_first(self.cluster.service_cidr))))
        ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]
        spec = {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": ports}
        meta = {"name": "kubernetes", "namespace": "default"}
        meta_all = meta | {"labels": {"component": "apiserver", "provider": "kubernetes"}}
        ensure(self.api, "services", {"apiVersion": "v1", "kind": "Service", "metadata": meta_all, "spec": spec})


def _first(cidr: str, count: int = 4096) -> list[object]:
    network = ip_network(cidr)
    return [network[i] for i in range(1, min(network.num_addresses - 1, count))]
