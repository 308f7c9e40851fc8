"""Peering by API objects alone, step by step as Liqo's documentation lists them."""

from __future__ import annotations

import base64
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.liqo.definitions import crds
from tests.contract.controllers.clusters import Site, TestFleet, deployment

RCID = "liqo.io/remote-cluster-id"
NET, AUTH, OFF = "networking.liqo.io/v1beta1", "authentication.liqo.io/v1beta1", "offloading.liqo.io/v1beta1"


def cid(site: Site) -> str:
    return site.name


def tenant(peer: Site) -> str:
    return f"liqo-tenant-{cid(peer)}"


def put(site: Site, resource: str, api_version: str, kind: str, name: str, namespace: str, **body: Any) -> Object:
    meta = {"name": name, "namespace": namespace} | body.pop("meta", {})
    return site.api.create(resource, {"apiVersion": api_version, "kind": kind, "metadata": meta, **body})


async def install(fleet: TestFleet, site: Site) -> None:
    """What the chart brings: definitions, namespace, id, controller manager, networks, templates of gateways."""
    for crd in crds():
        site.api.create("customresourcedefinitions.apiextensions.k8s.io", crd)
    site.api.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "liqo"}})
    put(site, "configmaps", "v1", "ConfigMap", "liqo-clusterid-configmap", "liqo", data={"CLUSTER_ID": cid(site)})
    for name in ("liqo-controller-manager", "liqo-webhook"):
        site.api.create("deployments.apps", deployment(name, namespace="liqo"))
    await fleet.settle()
    for each in custom_objects(site.pod_cidr, site.service_cidr):
        site.api.create(f"{each['kind'].lower()}s.{each['apiVersion'].partition('/')[0]}", each)
    await fleet.settle()


def custom_objects(pod_cidr: str, service_cidr: str) -> list[Object]:
    """Networks of a cluster and templates of gateways, as Liqo's chart makes them."""
    cidrs = {"pod-cidr": pod_cidr, "service-cidr": service_cidr}
    cidrs |= {"external-cidr": "10.70.0.0/16", "internal-cidr": "10.80.0.0/16"}
    networks = [
        _custom("ipam.liqo.io/v1alpha1", "Network", kind, {"cidr": cidr}, {"ipam.liqo.io/network-type": kind})
        for kind, cidr in cidrs.items()
    ]
    templates = [
        _custom(NET, f"{kind}Template", name, {"objectKind": {"apiVersion": NET, "kind": kind}, "template": {}}, {})
        for kind, name in (("WgGatewayServer", "wireguard-server"), ("WgGatewayClient", "wireguard-client"))
    ]
    return [*networks, *templates]


def _custom(api_version: str, kind: str, name: str, spec: Object, labels: dict[str, str]) -> Object:
    meta = {"name": name, "namespace": "liqo", "labels": labels}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, "spec": spec}


async def two(fleet: TestFleet) -> tuple[Site, Site]:
    """Two clusters with Liqo: consumer and provider."""
    consumer, provider = fleet.add("rome", nodes=2), fleet.add("milan", nodes=2)
    await fleet.settle()
    for site in (consumer, provider):
        await install(fleet, site)
    return consumer, provider


def open_tenants(a: Site, b: Site) -> None:
    for here, there in ((a, b), (b, a)):
        labels = {RCID: cid(there), "liqo.io/tenant-namespace": "true"}
        meta = {"name": tenant(there), "labels": labels}
        here.api.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": meta})


def cidrs(site: Site) -> dict[str, list[str]]:
    found = {}
    for key, kind in (("pod", "pod-cidr"), ("external", "external-cidr")):
        networks = site.api.list("networks.ipam.liqo.io", "liqo", {"ipam.liqo.io/network-type": kind})
        found[key] = [network["status"]["cidr"] for network in networks]
    return found


def configure(a: Site, b: Site) -> None:
    for here, there in ((a, b), (b, a)):
        spec = {"remote": {"cidr": cidrs(there)}}
        meta = {"labels": {RCID: cid(there)}}
        resource = "configurations.networking.liqo.io"
        put(here, resource, NET, "Configuration", cid(there), tenant(there), meta=meta, spec=spec)


async def connect(fleet: TestFleet, consumer: Site, provider: Site) -> None:
    """N2 to N8: server on the provider, client on the consumer."""
    configure(consumer, provider)
    server = {"kind": "WgGatewayServerTemplate", "name": "wireguard-server", "namespace": "liqo", "apiVersion": NET}
    endpoint = {"port": 51840, "serviceType": "NodePort"}
    meta = {"labels": {RCID: cid(consumer)}}
    resource = "gatewayservers.networking.liqo.io"
    spec: Object = {"serverTemplateRef": server, "mtu": 1340, "endpoint": endpoint}
    put(provider, resource, NET, "GatewayServer", cid(consumer), tenant(consumer), meta=meta, spec=spec)
    await fleet.settle()
    status = provider.get(resource, cid(consumer), tenant(consumer))["status"]
    client = server | {"kind": "WgGatewayClientTemplate", "name": "wireguard-client"}
    meta = {"labels": {RCID: cid(provider)}}
    spec = {"clientTemplateRef": client, "mtu": 1340, "endpoint": status["endpoint"]}
    resource = "gatewayclients.networking.liqo.io"
    put(consumer, resource, NET, "GatewayClient", cid(provider), tenant(provider), meta=meta, spec=spec)
    await fleet.settle()
    for here, there in ((consumer, provider), (provider, consumer)):
        key = there.get("secrets", f"gw-{cid(here)}", tenant(here))["data"]["publicKey"]
        meta = {"labels": {RCID: cid(there), "networking.liqo.io/gateway-resource": "true"}}
        body = {"publicKey": key}
        resource = "publickeies.networking.liqo.io"
        put(here, resource, NET, "PublicKey", cid(there), tenant(there), meta=meta, spec=body)
    await fleet.settle()


def csr(site: Site, name: str) -> bytes:
    pem = base64.b64decode(site.get("secrets", "authentication-keys", "liqo")["data"]["privateKey"])
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "liqo.io"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(parts))
    key = load_pem_private_key(pem, None)
    return builder.sign(key, None).public_bytes(Encoding.PEM)  # type: ignore[arg-type]  # an Ed25519 key


async def exchange_nonce(fleet: TestFleet, consumer: Site, provider: Site) -> str:
    """A1 and A2; returns the signed nonce."""
    labels = {"liqo.io/nonce": "true", RCID: cid(consumer)}
    put(provider, "secrets", "v1", "Secret", "liqo-nonce", tenant(consumer), meta={"labels": labels})
    await fleet.settle()
    nonce = provider.get("secrets", "liqo-nonce", tenant(consumer))["data"]["nonce"]
    labels = {"liqo.io/signed-nonce": "true", RCID: cid(provider)}
    meta, data = {"labels": labels}, {"nonce": nonce}
    put(consumer, "secrets", "v1", "Secret", "liqo-signed-nonce", tenant(provider), meta=meta, data=data)
    await fleet.settle()
    return str(consumer.get("secrets", "liqo-signed-nonce", tenant(provider))["data"]["signedNonce"])


async def make_tenant(fleet: TestFleet, consumer: Site, provider: Site, signature: str) -> Object:
    """A4."""
    public = consumer.get("secrets", "authentication-keys", "liqo")["data"]["publicKey"]
    spec = {"clusterID": cid(consumer), "publicKey": public, "signature": signature}
    spec["csr"] = base64.b64encode(csr(consumer, cid(consumer))).decode()
    meta, resource = {"labels": {RCID: cid(consumer)}}, "tenants.authentication.liqo.io"
    put(provider, resource, AUTH, "Tenant", cid(consumer), tenant(consumer), meta=meta, spec=spec)
    await fleet.settle()
    return provider.get(resource, cid(consumer), tenant(consumer))


async def authenticate(fleet: TestFleet, consumer: Site, provider: Site) -> None:
    """A1 to A5."""
    signature = await exchange_nonce(fleet, consumer, provider)
    made = await make_tenant(fleet, consumer, provider, signature)
    spec = {"type": "ControlPlane", "clusterID": cid(provider), "authParams": made["status"]["authParams"]}
    spec["namespace"] = made["status"]["tenantNamespace"]
    meta, name = {"labels": {RCID: cid(provider)}}, f"controlplane-{cid(provider)}"
    resource = "identities.authentication.liqo.io"
    put(consumer, resource, AUTH, "Identity", name, tenant(provider), meta=meta, spec=spec)
    await fleet.settle()


async def ask(fleet: TestFleet, consumer: Site, provider: Site, **resources: str) -> None:
    """O1."""
    labels = {"liqo.io/replication": "true", "liqo.io/remoteID": cid(provider), RCID: cid(provider)}
    meta = {"labels": labels, "annotations": {"liqo.io/create-virtual-node": "true"}}
    spec = {"class": "default", "providerClusterID": cid(provider), "resources": resources}
    resource = "resourceslices.authentication.liqo.io"
    put(consumer, resource, AUTH, "ResourceSlice", cid(provider), tenant(provider), meta=meta, spec=spec)
    await fleet.settle()


async def peer(fleet: TestFleet, consumer: Site, provider: Site) -> None:
    """Everything of a one-way peering."""
    open_tenants(consumer, provider)
    await connect(fleet, consumer, provider)
    await authenticate(fleet, consumer, provider)
    await ask(fleet, consumer, provider, cpu="2", memory="4Gi")


async def offload(fleet: TestFleet, site: Site, namespace: str, **spec: object) -> Object:
    """A namespace with a NamespaceOffloading."""
    if site.api.get("namespaces", namespace) is None:
        site.api.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    resource = "namespaceoffloadings.offloading.liqo.io"
    put(site, resource, OFF, "NamespaceOffloading", "offloading", namespace, spec=spec)
    await fleet.settle()
    return site.get(resource, "offloading", namespace)


def states(site: Site, other: Site) -> dict[str, str]:
    """All conditions of a ForeignCluster, its role and enabled modules."""
    found = site.get("foreignclusters.core.liqo.io", cid(other))["status"]
    result = {c["type"]: c["status"] for c in found.get("conditions") or ()}
    for module in found["modules"].values():
        result |= {c["type"]: c["status"] for c in module["conditions"]}
    enabled = sorted(name for name, module in found["modules"].items() if module["enabled"])
    return result | {"role": found["role"], "enabled": " ".join(enabled)}
