"""Cluster addresses and node ports of Services. Source: kubernetes.io, "Service ClusterIP allocation"."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import Cause, invalid, invalid_value
from sandbox.kubernetes.store import Store

NODE_PORTS = range(30000, 32768)
_RESERVED_FOR_STATIC = 16


class ServiceAddresses:
    """Hands out addresses of the service network; what is in use is read from the store."""

    def __init__(self, store: Store, service_cidr: str) -> None:
        self._store = store
        self.network = ipaddress.ip_network(service_cidr)

    def first(self) -> str:
        """Address of the ``kubernetes`` service."""
        return str(self.network[1])

    def allocate(self, service: Object) -> None:
        """Fill in cluster address, families and node ports.

        Raises:
            ApiError: 422 when an address or a port that was asked for is taken or outside of its range.
        """
        spec = service["spec"]
        if spec["type"] == "ExternalName":
            return
        others = self._others(service)
        causes = [*self._give_address(spec, others), *self._give_ports(spec, others)]
        if causes:
            raise invalid("Service", "", service["metadata"]["name"], causes)

    def _others(self, service: Object) -> list[Object]:
        me = service["metadata"]
        return [
            other["spec"]
            for other in self._store.objects("services")
            if (other["metadata"]["namespace"], other["metadata"]["name"]) != (me["namespace"], me["name"])
        ]

    def _give_address(self, spec: Object, others: list[Object]) -> Iterator[Cause]:
        if spec.get("clusterIPs") and not spec.get("clusterIP"):
            spec["clusterIP"] = spec["clusterIPs"][0]
        asked = spec.get("clusterIP")
        taken = {other.get("clusterIP") for other in others}
        if not asked:
            spec["clusterIP"] = self._next_address(taken)
        elif asked != "None" and (refusal := self._why_not(asked, taken)):
            yield invalid_value("spec.clusterIPs", [asked], f"failed to allocate IP {asked}: {refusal}")
        spec["clusterIPs"] = [spec["clusterIP"]]
        if spec["clusterIP"] == "None" and not spec.get("selector"):
            spec.setdefault("ipFamilies", ["IPv4", "IPv6"])
            spec.setdefault("ipFamilyPolicy", "RequireDualStack")
        spec.setdefault("ipFamilies", [f"IPv{self.network.version}"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")

    def _why_not(self, asked: str, taken: set[str | None]) -> str:
        try:
            inside = ipaddress.ip_address(asked) in self.network
        except ValueError:
            return "not a valid IP"
        if not inside:
            return "the provided network does not match the current range"
        return "provided IP is already allocated" if asked in taken else ""

    def _next_address(self, taken: set[str | None]) -> str:
        size = self.network.num_addresses
        for offset in (*range(_RESERVED_FOR_STATIC, min(size, 65536) - 1), *range(2, _RESERVED_FOR_STATIC)):
            address = str(self.network[offset])
            if address not in taken:
                return address
        raise ValueError(f"the service network {self.network} is used up")

    def _give_ports(self, spec: Object, others: list[Object]) -> Iterator[Cause]:
        wants = spec["type"] == "NodePort" or (
            spec["type"] == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)
        )
        taken = {port.get("nodePort") for other in others for port in other.get("ports") or []}
        for index, port in enumerate(spec.get("ports") or []):
            asked = port.get("nodePort")
            if asked and asked not in NODE_PORTS:
                told = "provided port is not in the valid range. The range of valid ports is 30000-32767"
                yield invalid_value(f"spec.ports[{index}].nodePort", asked, told)
            elif asked and asked in taken:
                yield invalid_value(f"spec.ports[{index}].nodePort", asked, "provided port is already allocated")
            elif not asked and wants:
                port["nodePort"] = next(number for number in NODE_PORTS if number not in taken)
            taken.add(port.get("nodePort"))
