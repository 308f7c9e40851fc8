"""Whether the two ends of a tunnel fit together. Reads both clusters, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.fleet import Fleet, Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import available, cluster_id, tenant_namespace
from sandbox.kubernetes.controllers.liqo.keys import tunnel_public
from sandbox.kubernetes.controllers.objects import deleting


@dataclass(frozen=True)
class End:
    """One end: a gateway in the tenant namespace of a cluster."""

    member: Member
    namespace: str
    gateway: Object
    server: bool

    def ready(self) -> bool:
        """Whether its gateway pod runs."""
        return available(self.member.api, f"gw-{self.gateway['metadata']['name']}", self.namespace)

    def own_key(self) -> str:
        """The public key that belongs to its private key."""
        ref = (self.gateway.get("status") or {}).get("secretRef") or {}
        secret = self.member.api.get("secrets", ref.get("name", ""), self.namespace) or {}
        return tunnel_public((secret.get("data") or {}).get("privateKey", ""))

    def accepted_keys(self, cid: str) -> list[str]:
        """Public keys that it lets in for a peer."""
        found = self.member.api.list(names.PUBLIC_KEYS, self.namespace, {names.REMOTE_ID: cid})
        return [key["spec"].get("publicKey", "") for key in found]


def find_end(member: Member, cid: str) -> End | None:
    """The end of a member toward the peer with this id."""
    namespace = tenant_namespace(member.api, cid)
    for resource in (names.SERVERS, names.CLIENTS) if namespace else ():
        for gateway in member.api.list(resource, namespace, {names.REMOTE_ID: cid}):
            if not deleting(gateway):
                return End(member, namespace, gateway, resource == names.SERVERS)
    return None


def obstacle(fleet: Fleet, here: Member, there: Member | None, cid: str) -> str | None:
    """Why no packet passes the tunnel between a cluster and the peer with this id; None when they do."""
    if there is None:
        return f"nothing answers for cluster {cid}"
    near, far = find_end(here, cid), find_end(there, cluster_id(here.api))
    if near is None or far is None:
        return "no gateway on one of the sides"
    if near.server == far.server:
        return "both gateways have the same role"
    client, server = (far, near) if near.server else (near, far)
    ids = {id(near): cluster_id(here.api), id(far): cid}
    for end, other in ((client, server), (server, client)):
        if not end.ready():
            return f"gateway of {ids[id(end)]} is not ready"
        if other.own_key() not in end.accepted_keys(ids[id(other)]):
            return f"{ids[id(end)]} does not know the public key of {ids[id(other)]}"
    if not _leads_to(fleet, client, server):
        return "the client's endpoint does not lead to the server"
    return None if fleet.connected(here.uid, there.uid) else "no route between the clusters"


def _leads_to(fleet: Fleet, client: End, server: End) -> bool:
    endpoint = client.gateway["spec"].get("endpoint") or {}
    wanted = {(address, endpoint.get("port")) for address in endpoint.get("addresses") or ()}
    return endpoint.get("protocol", "UDP") == "UDP" and bool(wanted & _doors(fleet, server))


def _doors(fleet: Fleet, server: End) -> set[tuple[str, int]]:
    api = server.member.api
    service = api.get("services", f"gw-{server.gateway['metadata']['name']}", server.namespace)
    if service is None:
        return set()
    port = service["spec"]["ports"][0]
    entries = (service.get("status") or {}).get("loadBalancer", {}).get("ingress") or []
    doors = {(entry["ip"], port["port"]) for entry in entries if "ip" in entry}
    for node in api.list("nodes") if port.get("nodePort") else ():
        known = [entry["address"] for entry in (node.get("status") or {}).get("addresses") or ()]
        more = fleet.node_addresses(server.member.uid, node["metadata"]["name"])
        doors |= {(address, port["nodePort"]) for address in (*known, *more)}
    return doors
