"""The service by which pods find the API itself; all other addresses are given when a service is written."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from sandbox.kubernetes.api import Change
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import ensure

KUBERNETES: Key = ("default", "kubernetes")


class Services(Controller):
    """Keeps ``default/kubernetes`` at the first address of the service network."""

    watches = ("namespaces", "services")

    def keys(self, change: Change) -> Iterable[Key]:
        """The API's own service, when its namespace comes or it goes."""
        meta = change.object["metadata"]
        born = change.resource == "namespaces" and meta["name"] == KUBERNETES[0] and change.type == "ADDED"
        gone = change.resource == "services" and change.type == "DELETED"
        return (KUBERNETES,) if born or (gone and (meta["namespace"], meta["name"]) == KUBERNETES) else ()

    def reconcile(self, key: Key) -> None:
        """Put the service there."""
        address = str(ip_network(self.cluster.service_cidr)[1])
        ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]
        spec = {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": ports}
        labels = {"component": "apiserver", "provider": "kubernetes"}
        meta = {"name": key[1], "namespace": key[0], "labels": labels}
        ensure(self.api, "services", {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
