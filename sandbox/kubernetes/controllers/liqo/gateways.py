"""Gateways: the pods, services and keys of the tunnel to a peer."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController
from sandbox.kubernetes.controllers.liqo.keys import new_tunnel
from sandbox.kubernetes.controllers.objects import deleting, ensure, labels_of, owner_ref, record
from sandbox.kubernetes.controllers.pods import is_ready

GATEWAY = "networking.liqo.io/gateway-name"
PART = "networking.liqo.io/component"
PREFERENCE = ("ExternalDNS", "ExternalIP", "InternalDNS", "InternalIP", "Hostname")


class Gateways(LiqoController):
    """GatewayServer and GatewayClient to Deployment, Service, Secret, Connection and status; keys name the resource."""

    watches = (names.SERVERS, names.CLIENTS, names.DEPLOYMENTS, "services", "pods", "secrets")

    def keys(self, change: Change) -> Iterable[Key]:
        """A gateway, or the gateways that a part belongs to."""
        meta = change.object["metadata"]
        if change.resource in (names.SERVERS, names.CLIENTS):
            return ((change.resource, meta["namespace"], meta["name"]),)
        name = labels_of(change.object).get(GATEWAY)
        if not name:
            return ()
        return [(resource, meta["namespace"], name) for resource in (names.SERVERS, names.CLIENTS)]

    def reconcile(self, key: Key) -> None:
        """Make what the gateway consists of and report it."""
        gateway = self.api.get(key[0], key[2], key[1])
        if gateway is None or deleting(gateway) or not self.waited(key, "liqo.gateway"):
            return
        secret = self._secret(gateway)
        if secret is None:
            return
        self._parts(gateway, server=key[0] == names.SERVERS)
        self._report(key[0], gateway, secret)

    def _head(self, gateway: Object) -> Object:
        name = gateway["metadata"]["name"]
        labels = {names.REMOTE_ID: labels_of(gateway).get(names.REMOTE_ID, ""), GATEWAY: name, PART: "gateway"}
        return {"name": f"gw-{name}", "namespace": gateway["metadata"]["namespace"], "labels": labels}

    def _secret(self, gateway: Object) -> str | None:
        given = (gateway["spec"].get("secretRef") or {}).get("name")
        head = self._head(gateway)
        head["labels"][names.GATEWAY_RESOURCE] = "true"
        marks = {k: head["labels"][k] for k in (names.REMOTE_ID, names.GATEWAY_RESOURCE)}
        known = [s["metadata"]["name"] for s in self.api.list("secrets", head["namespace"], marks)]
        if len(known) > 1:
            record(self.api, gateway, "MultipleSecrets", f"found multiple secrets: {', '.join(known)}", kind="Warning")
            return None
        if given:
            return str(given) if self.api.get("secrets", given, head["namespace"]) else None
        if known:
            return str(known[0])
        secret = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": new_tunnel()}
        ensure(self.api, "secrets", secret | {"metadata": head | {"ownerReferences": [owner_ref(gateway)]}})
        return str(head["name"])

    def _parts(self, gateway: Object, *, server: bool) -> None:
        head = self._head(gateway)
        labels, title = head["labels"], "WgGatewayServer" if server else "WgGatewayClient"
        pod = {"containers": [{"name": n, "image": f"liqotech/gateway/{n}:v1.2.0"} for n in ("gateway", "wireguard")]}
        selector = {GATEWAY: labels[GATEWAY], PART: "gateway"}
        body = {"replicas": 1, "strategy": {"type": "Recreate"}, "selector": {"matchLabels": selector}}
        body["template"] = {"metadata": {"labels": labels}, "spec": pod}
        spec: Object = {"deployment": {"spec": body}, "secretRef": {"name": head["name"]}}
        service = self._service(gateway, selector) if server else None
        if service:
            spec["service"] = {"spec": service}
        owned = head | {"ownerReferences": [owner_ref(gateway)], "name": gateway["metadata"]["name"]}
        resource = names.WG_SERVERS if server else names.WG_CLIENTS
        wg = ensure(
            self.api, resource, {"apiVersion": names.NETWORKING_V, "kind": title, "metadata": owned, "spec": spec}
        )
        if wg is None:
            return
        below = head | {"ownerReferences": [owner_ref(wg)]}
        ensure(
            self.api,
            names.DEPLOYMENTS,
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": below, "spec": body},
        )
        if service:
            extra = {"annotations": gateway["spec"].get("serviceAnnotations") or {}}
            extra["labels"] = labels | (gateway["spec"].get("serviceLabels") or {})
            full = {"apiVersion": "v1", "kind": "Service", "metadata": below | extra, "spec": service}
            ensure(self.api, "services", full)
        gateway_ref = {"apiVersion": names.NETWORKING_V, "kind": gateway["kind"], "name": gateway["metadata"]["name"]}
        gateway_ref |= {"namespace": head["namespace"], "uid": gateway["metadata"]["uid"]}
        link = {"type": "Server" if server else "Client", "gatewayRef": gateway_ref}
        full = {"apiVersion": names.NETWORKING_V, "kind": "Connection", "spec": link}
        ensure(self.api, names.CONNECTIONS, full | {"metadata": head | {"ownerReferences": [owner_ref(gateway)]}})

    def _service(self, gateway: Object, selector: Object) -> Object:
        endpoint = gateway["spec"].get("endpoint") or {}
        port: Object = {"port": endpoint.get("port", 51840), "protocol": "UDP", "name": "wireguard"}
        if endpoint.get("nodePort"):
            port["nodePort"] = endpoint["nodePort"]
        spec: Object = {"type": endpoint.get("serviceType", "ClusterIP"), "selector": selector, "ports": [port]}
        if endpoint.get("loadBalancerIP"):
            spec["loadBalancerIP"] = endpoint["loadBalancerIP"]
        return spec

    def _report(self, resource: str, gateway: Object, secret: str) -> None:
        name, namespace = gateway["metadata"]["name"], gateway["metadata"]["namespace"]
        status = gateway.setdefault("status", {})
        status["secretRef"] = {"apiVersion": "v1", "kind": "Secret", "name": secret, "namespace": namespace}
        server = resource == names.SERVERS
        wg = {"apiVersion": names.NETWORKING_V, "name": name, "namespace": namespace}
        status["serverRef" if server else "clientRef"] = wg | {"kind": f"WgGateway{'Server' if server else 'Client'}"}
        pods = [pod for pod in self.api.list("pods", namespace, {GATEWAY: name}) if is_ready(pod)]
        if pods:
            status["internalEndpoint"] = {"ip": pods[0]["status"]["podIP"], "node": pods[0]["spec"]["nodeName"]}
        endpoint = self._endpoint(namespace, name, pods) if server else None
        if endpoint:
            status["endpoint"] = endpoint
        self.api.replace_status(resource, gateway)

    def _endpoint(self, namespace: str, name: str, pods: list[Object]) -> Object | None:
        service = self.api.get("services", f"gw-{name}", namespace)
        if service is None:
            return None
        port, spec = service["spec"]["ports"][0], service["spec"]
        if spec["type"] == "LoadBalancer":
            entries = (service.get("status") or {}).get("loadBalancer", {}).get("ingress") or []
            found = [entry.get("ip") or entry.get("hostname") for entry in entries]
            return {"addresses": found, "port": port["port"], "protocol": "UDP"} if found else None
        if spec["type"] == "NodePort":
            node = self.api.get("nodes", pods[0]["spec"]["nodeName"]) if pods else None
            return {"addresses": [_address(node)], "port": port["nodePort"], "protocol": "UDP"} if node else None
        return {"addresses": [spec["clusterIP"]], "port": port["port"], "protocol": "UDP"}


def _address(node: Object) -> str:
    entries = {entry["type"]: entry["address"] for entry in (node.get("status") or {}).get("addresses") or ()}
    return next((str(entries[kind]) for kind in PREFERENCE if kind in entries), "")
