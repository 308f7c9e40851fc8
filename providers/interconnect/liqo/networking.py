"""The tunnel between two clusters: networks told crosswise, one gateway pair, public keys exchanged.

One tunnel serves both directions. Keys are made inside the clusters: private keys never leave them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clients.kubernetes.api import Object as Manifest
from clients.kubernetes.apply import applied, ensure, ensure_gone
from clients.kubernetes.resources import SECRET, Kind
from federation.spec.peering import TUNNEL_MTU, Peering
from providers.contracts import Done, Progress, Side, Waiting
from providers.interconnect.liqo.kinds import (
    CONFIGURATION,
    CONNECTION,
    GATEWAY_CLIENT,
    GATEWAY_RESOURCE,
    GATEWAY_SERVER,
    LIQO_NAMESPACE,
    NETWORK,
    NETWORK_TYPE,
    PUBLIC_KEY,
    Object,
    condition_of,
    dig,
)
from providers.interconnect.liqo.tenancy import End, ensure_end

SERVER_PORT = 51840


def connect(first: Side, second: Side, peering: Peering) -> Progress:
    """Do what is missing of the tunnel between two clusters; done when both ends say connected."""
    consumers = {key.consumer for key in peering.directions}
    ends = (
        ensure_end(first, second.cluster, consumer=first.cluster in consumers),
        ensure_end(second, first.cluster, consumer=second.cluster in consumers),
    )
    server, client = _roles(ends, peering)
    missing = [*_networks(*ends), *_gateways(server, client), *_connections(server, client)]
    if missing:
        return Waiting("; ".join(dict.fromkeys(missing)))
    return Done(f"{first.cluster} and {second.cluster} are connected")


def _networks(first: End, second: End) -> Iterator[str]:
    """Tell each end the networks of the other one; yields what is still missing."""
    for end, other in ((first, second), (second, first)):
        cidrs = _cidrs(other)
        if cidrs is None:
            yield f"Liqo of {other.side.cluster} has no networks yet"
            continue
        live, _ = applied(end.client, render_configuration(end, cidrs))
        if not is_configured(live):
            yield f"Liqo of {end.side.cluster} has not taken in the networks of {end.peer} yet"


def _cidrs(end: End) -> dict[str, list[str]] | None:
    """Pod and external networks of a cluster as Liqo gave them out; None until it has."""
    networks = end.client.list(NETWORK, LIQO_NAMESPACE, labels={NETWORK_TYPE: None})
    cidrs = {
        short: sorted(
            str(dig(each, "status", "cidr") or "")
            for each in networks
            if dig(each, "metadata", "labels", NETWORK_TYPE) == kind
        )
        for short, kind in (("pod", "pod-cidr"), ("external", "external-cidr"))
    }
    return cidrs if all(values and all(values) for values in cidrs.values()) else None


def render_configuration(end: End, peer_cidrs: dict[str, list[str]]) -> Manifest:
    """What an end must know of its peer's networks."""
    return {
        "apiVersion": CONFIGURATION.api_version,
        "kind": CONFIGURATION.kind,
        "metadata": end.meta(end.peer_id),
        "spec": {"remote": {"cidr": peer_cidrs}},
    }


def is_configured(configuration: Object) -> bool:
    """Whether Liqo has mapped the peer's networks, for the current generation."""
    condition = condition_of(configuration, "NetworkCIDRsConfigured")
    if not condition:
        return bool(dig(configuration, "status", "remote", "cidr", "pod"))
    generation = dig(configuration, "metadata", "generation") or 0
    return bool(condition["status"] == "True" and condition.get("observedGeneration", generation) >= generation)


def _roles(ends: tuple[End, End], peering: Peering) -> tuple[End, End]:
    """Which end is the server. Gateways that exist decide; else a provider that others can reach.

    Should both ends have a server, made by two runs at once, the chosen one stays.
    """
    providers = {key.provider for key in peering.directions}
    preferred = sorted(
        ends, key=lambda end: (not end.side.addresses, end.side.cluster not in providers, end.side.cluster)
    )
    has = {(end, kind): _gateway(end, kind) is not None for end in ends for kind in (GATEWAY_SERVER, GATEWAY_CLIENT)}
    preferred.sort(key=lambda end: (not has[end, GATEWAY_SERVER], has[end, GATEWAY_CLIENT]))
    server, client = preferred
    for end, wrong in ((server, GATEWAY_CLIENT), (client, GATEWAY_SERVER)):
        if has[end, wrong]:
            ensure_gone(end.client, wrong, end.peer_id, end.namespace)
    return server, client


def _gateway(end: End, kind: Kind) -> Object | None:
    return end.client.get(kind, end.peer_id, end.namespace)


def _gateways(server: End, client: End) -> Iterator[str]:
    """Server, then client, then each other's public keys; yields what is still missing."""
    serving, _ = applied(server.client, render_gateway_server(server))
    endpoint = _endpoint(server, client, serving)
    if endpoint is None:
        yield f"the gateway of {server.side.cluster} has no endpoint yet"
        return
    calling, _ = applied(client.client, render_gateway_client(client, endpoint))
    for end, gateway, other, other_gateway in ((server, serving, client, calling), (client, calling, server, serving)):
        key = _public_key(other, other_gateway)
        if key is None:
            yield f"the gateway of {other.side.cluster} has no key pair yet"
        else:
            ensure(end.client, render_public_key(end, gateway, key))


def _endpoint(server: End, client: End, gateway: Object) -> dict[str, Any] | None:
    """Where the client finds the server: an address that leads to the cluster, and the port that Liqo got.

    An address that the client has already, and that still is one of the cluster, stays.
    """
    port = dig(gateway, "status", "endpoint", "port")
    reported = [address for address in dig(gateway, "status", "endpoint", "addresses") or () if address]
    candidates = server.side.addresses or tuple(reported)
    if not port or not candidates:
        return None
    current = dig(_gateway(client, GATEWAY_CLIENT), "spec", "endpoint", "addresses") or ()
    kept = [address for address in (*current, *reported) if address in candidates]
    return {"addresses": [(kept or candidates)[0]], "port": port, "protocol": "UDP"}


def render_gateway_server(end: End) -> Manifest:
    """The gateway that listens, on a port of the nodes."""
    return {
        "apiVersion": GATEWAY_SERVER.api_version,
        "kind": GATEWAY_SERVER.kind,
        "metadata": end.meta(end.peer_id),
        "spec": {
            "endpoint": {"port": SERVER_PORT, "serviceType": "NodePort"},
            "mtu": TUNNEL_MTU,
            "serverTemplateRef": _template("WgGatewayServerTemplate", "wireguard-server"),
        },
    }


def render_gateway_client(end: End, endpoint: dict[str, Any]) -> Manifest:
    """The gateway that calls the other one."""
    return {
        "apiVersion": GATEWAY_CLIENT.api_version,
        "kind": GATEWAY_CLIENT.kind,
        "metadata": end.meta(end.peer_id),
        "spec": {
            "clientTemplateRef": _template("WgGatewayClientTemplate", "wireguard-client"),
            "endpoint": endpoint,
            "mtu": TUNNEL_MTU,
        },
    }


def _template(kind: str, name: str) -> dict[str, str]:
    return {"apiVersion": GATEWAY_SERVER.api_version, "kind": kind, "name": name, "namespace": LIQO_NAMESPACE}


def _public_key(end: End, gateway: Object) -> str | None:
    """The public key that Liqo made for a gateway, base64."""
    name = dig(gateway, "status", "secretRef", "name")
    secret = end.client.get(SECRET, name, end.namespace) if name else None
    return dig(secret, "data", "publicKey") or None


def render_public_key(end: End, gateway: Object, key: str) -> Manifest:
    """The peer's key at this end; goes away with the gateway of this end."""
    owner = {
        "apiVersion": gateway["apiVersion"],
        "kind": gateway["kind"],
        "name": gateway["metadata"]["name"],
        "uid": gateway["metadata"]["uid"],
    }
    return {
        "apiVersion": PUBLIC_KEY.api_version,
        "kind": PUBLIC_KEY.kind,
        "metadata": {**end.meta(end.peer_id, **{GATEWAY_RESOURCE: "true"}), "ownerReferences": [owner]},
        "spec": {"publicKey": key},
    }


def _connections(server: End, client: End) -> Iterator[str]:
    """Ends that do not say connected, with the address and port that packets of the tunnel have to reach."""
    down = [end.side.cluster for end in (server, client) if _values(end) != ["Connected"]]
    endpoint = dig(_gateway(client, GATEWAY_CLIENT), "spec", "endpoint") if down else None
    where = f" to UDP {endpoint['addresses'][0]}:{endpoint['port']} of {server.side.cluster}" if endpoint else ""
    for name in down:
        yield f"the tunnel{where} is not up as {name} sees it"


def _values(end: End) -> list[Any]:
    return [dig(each, "status", "value") for each in end.client.list(CONNECTION, end.namespace)]
