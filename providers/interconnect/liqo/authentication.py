"""Making a consumer known to a provider: nonce, signed nonce, tenant, identity.

Every call looks at both clusters and does what is missing. What an older incarnation of either cluster left under the
same names is told by its key or nonce, and replaced. Bytes fields are base64 in the API and are copied as they are.
"""

from __future__ import annotations

import base64
from ipaddress import ip_address, ip_network
from typing import Any

from clients.kubernetes.api import Object as Manifest
from clients.kubernetes.apply import applied, ensure_gone
from clients.kubernetes.resources import EVENT, SECRET
from federation.errors import NotReadyYet
from federation.spec.peering import Peering
from providers.contracts import Done, Progress, Side, Waiting
from providers.interconnect.liqo.identity import render_request
from providers.interconnect.liqo.kinds import (
    CONFIGURATION,
    IDENTITY,
    IP,
    LIQO_NAMESPACE,
    TENANT,
    Object,
    dig,
)
from providers.interconnect.liqo.tenancy import End, ensure_end

NONCE, SIGNED_NONCE = "liqo-nonce", "liqo-signed-nonce"
_PROXY_PORT = 8118


def authenticate(consumer: Side, provider: Side, peering: Peering) -> Progress:
    """Do what is missing until the consumer holds an identity at the provider.

    Raises:
        NotReadyYet: Liqo of one of the clusters has not done its part yet.
    """
    there = ensure_end(provider, consumer.cluster, consumer=False)
    here = ensure_end(consumer, provider.cluster, consumer=True)
    proxy_url = _proxy_url(here, there) if peering.control_plane == "in-band" else None
    tenant = _ensure_tenant(here, there, proxy_url)
    parameters, namespace = dig(tenant, "status", "authParams"), dig(tenant, "status", "tenantNamespace")
    if not parameters or not namespace:
        return Waiting(f"{provider.cluster} has not admitted {consumer.cluster} yet{_tenant_events(there)}")
    identity = _ensure_identity(here, parameters, namespace)
    if not dig(identity, "status", "kubeconfigSecretRef", "name"):
        return Waiting(f"{consumer.cluster} has not taken in its identity at {provider.cluster} yet")
    return Done(f"{provider.cluster} knows {consumer.cluster}")


def identity_name(provider_id: str) -> str:
    """Name of a consumer's control-plane identity at a provider."""
    return f"controlplane-{provider_id}"


def _ensure_tenant(here: End, there: End, proxy_url: str | None) -> Object:
    keys = here.client.get(SECRET, "authentication-keys", LIQO_NAMESPACE)
    public_key = dig(keys, "data", "publicKey")
    if keys is None or not public_key:
        raise NotReadyYet(f"Liqo of {here.side.cluster} has no key pair yet")
    live = there.client.get(TENANT, there.peer_id, there.namespace)
    if live is not None and dig(live, "spec", "publicKey") != public_key:
        ensure_gone(there.client, TENANT, there.peer_id, there.namespace)
        raise NotReadyYet(f"the tenant of an earlier {here.side.cluster} is still on {there.side.cluster}")
    if live is not None:
        spec = {key: live["spec"].get(key) for key in ("csr", "publicKey", "signature")}
    else:
        private_key = base64.b64decode(keys["data"]["privateKey"])
        request = base64.b64encode(render_request(private_key, here.own_id)).decode()
        spec = {"csr": request, "publicKey": public_key, "signature": _signature(here, there)}
    if live is not None and dig(live, "spec", "proxyURL") != proxy_url:
        return there.client.apply(render_tenant(there, spec, proxy_url))
    return applied(there.client, render_tenant(there, spec, proxy_url))[0]


def render_tenant(there: End, proof: dict[str, Any], proxy_url: str | None) -> Manifest:
    """The consumer as the provider knows it; ``proof`` holds csr, publicKey and signature, base64."""
    proxy = {"proxyURL": proxy_url} if proxy_url else {}
    return {
        "apiVersion": TENANT.api_version,
        "kind": TENANT.kind,
        "metadata": there.meta(there.peer_id),
        "spec": {"clusterID": there.peer_id, **proof, **proxy},
    }


def _signature(here: End, there: End) -> str:
    """The provider's nonce, signed by the consumer's Liqo."""
    nonce = dig(applied(there.client, render_nonce(there))[0], "data", "nonce")
    if not nonce:
        raise NotReadyYet(f"Liqo of {there.side.cluster} has not made a nonce yet")
    live = here.client.get(SECRET, SIGNED_NONCE, here.namespace)
    if live is not None and dig(live, "data", "nonce") != nonce:
        ensure_gone(here.client, SECRET, SIGNED_NONCE, here.namespace)
    signed = dig(applied(here.client, render_signed_nonce(here, nonce))[0], "data", "signedNonce")
    if not signed:
        raise NotReadyYet(f"Liqo of {here.side.cluster} has not signed the nonce yet")
    return str(signed)


def render_nonce(there: End) -> Manifest:
    """The empty secret that the provider's Liqo fills with a nonce."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": there.meta(NONCE, **{"liqo.io/nonce": "true"})}


def render_signed_nonce(here: End, nonce: str) -> Manifest:
    """The nonce that the consumer's Liqo is to sign."""
    meta = here.meta(SIGNED_NONCE, **{"liqo.io/signed-nonce": "true"})
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {"nonce": nonce}}


def _ensure_identity(here: End, parameters: dict[str, Any], namespace: str) -> Object:
    desired = render_identity(here, parameters, namespace)
    live, written = applied(here.client, desired)
    if not written and dig(live, "spec", "authParams") != parameters:
        return here.client.apply(desired)
    return live


def render_identity(here: End, parameters: dict[str, Any], namespace: str) -> Manifest:
    """The consumer's identity at the provider: what the tenant's status says, word for word."""
    return {
        "apiVersion": IDENTITY.api_version,
        "kind": IDENTITY.kind,
        "metadata": here.meta(identity_name(here.peer_id)),
        "spec": {
            "authParams": parameters,
            "clusterID": here.peer_id,
            "namespace": namespace,
            "type": "ControlPlane",
        },
    }


def _proxy_url(here: End, there: End) -> str:
    """URL, inside the tunnel, of the proxy in front of the provider's API, as the consumer sees it."""
    address = dig(there.client.get(IP, "api-server-proxy", LIQO_NAMESPACE), "status", "ip")
    configuration = here.client.get(CONFIGURATION, here.peer_id, here.namespace)
    original = dig(configuration, "spec", "remote", "cidr", "external")
    seen = dig(configuration, "status", "remote", "cidr", "external")
    if not address or not original or not seen:
        raise NotReadyYet(f"the networks of {here.side.cluster} and {there.side.cluster} are not joined yet")
    return f"http://{remapped(address, original[0], seen[0])}:{_PROXY_PORT}"


def remapped(address: str, original: str, seen: str) -> str:
    """An address of one network, moved to the same place in another one.

    Example:
        >>> remapped("10.70.0.3", "10.70.0.0/16", "10.71.0.0/16")
        '10.71.0.3'
    """
    offset = int(ip_address(address)) - int(ip_network(original).network_address)
    return str(ip_network(seen).network_address + offset)


def _tenant_events(there: End) -> str:
    """Why a tenant is not admitted, as Liqo's events tell; empty when they tell nothing."""
    reasons = {
        str(event.get("reason"))
        for event in there.client.list(EVENT, there.namespace)
        if dig(event, "involvedObject", "kind") == TENANT.kind and event.get("type") == "Warning"
    }
    return f" ({', '.join(sorted(reasons))})" if reasons else ""
