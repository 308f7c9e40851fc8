"""What we send to Liqo is what its published definitions accept."""

from __future__ import annotations

from typing import Any

import pytest

from clients.kubernetes.api import KubernetesClient
from federation.spec.marks import CONSUMER, FEDERATION, PEER
from providers.contracts import Side
from providers.interconnect.liqo import authentication, networking, offloading
from providers.interconnect.liqo.tenancy import End, render_tenant_namespace, tenant_namespace_name
from tests.unit.kubernetes.schemas import CRDS, check_builtin, check_custom

GATEWAY: dict[str, Any] = {
    "apiVersion": "networking.liqo.io/v1beta1",
    "kind": "GatewayServer",
    "metadata": {"name": "fed-b", "uid": "1-2-3"},
}
ENDPOINT = {"addresses": ["127.0.0.1"], "port": 30123, "protocol": "UDP"}
PARAMETERS = {"apiServer": "https://10.0.0.1:6443", "ca": "Y2E=", "signedCRT": "Y3J0"}
PROOF = {"csr": "Y3Ny", "publicKey": "a2V5", "signature": "c2ln"}


@pytest.fixture
def end() -> End:
    """Cluster a's end of its peering with b; nothing here talks to a cluster."""
    return End(Side("fed", "a", KubernetesClient.__new__(KubernetesClient)), "b", "liqo-tenant-fed-b")


def custom_manifests(end: End) -> list[dict[str, Any]]:
    cidrs = {"pod": ["10.20.0.0/16"], "external": ["10.70.0.0/16"]}
    return [
        networking.render_configuration(end, cidrs),
        networking.render_gateway_server(end),
        networking.render_gateway_client(end, ENDPOINT),
        networking.render_public_key(end, GATEWAY, "a2V5"),
        authentication.render_tenant(end, PROOF, None),
        authentication.render_tenant(end, PROOF, "http://10.70.0.3:8118"),
        authentication.render_identity(end, PARAMETERS, "liqo-tenant-fed-a"),
        offloading.render_resource_slice(end),
    ]


@pytest.mark.skipif(not CRDS.is_dir(), reason="the published definitions are not here")
def test_liqo_accepts_every_object(end: End):
    """Each object passes the published schema, with unknown fields refused."""
    for manifest in custom_manifests(end):
        check_custom(manifest)


def test_the_api_accepts_every_object(end: End):
    """Namespaces and secrets pass the API's own schema."""
    for manifest in (
        render_tenant_namespace("fed", "b", "liqo-tenant-fed-b", consumer=True),
        authentication.render_nonce(end),
        authentication.render_signed_nonce(end, "bm9uY2U="),
    ):
        check_builtin(manifest)


def test_every_object_carries_our_marks(end: End):
    """Federation and peer are on each object, and Liqo's own label names the peer's id."""
    for manifest in custom_manifests(end):
        labels = manifest["metadata"]["labels"]
        assert (labels[FEDERATION], labels[PEER], labels["liqo.io/remote-cluster-id"]) == ("fed", "b", "fed-b")
        assert manifest["metadata"]["namespace"] == "liqo-tenant-fed-b"


def test_the_consumer_is_marked():
    """Only a consumer's namespace says so."""
    marked = render_tenant_namespace("fed", "b", "n", consumer=True)["metadata"]["labels"]
    plain = render_tenant_namespace("fed", "b", "n", consumer=False)["metadata"]["labels"]
    assert marked.pop(CONSUMER) == "true"
    assert marked == plain


def test_a_long_name_of_a_tenant_namespace_is_cut():
    """63 characters are the limit; different peers keep different names."""
    first, second = (tenant_namespace_name(f"{'f' * 30}-{'c' * 29}{last}") for last in "xy")
    assert len(first) == len(second) == 63
    assert first != second
    assert tenant_namespace_name("fed-b") == "liqo-tenant-fed-b"


@pytest.mark.parametrize(
    ("address", "original", "seen", "expected"),
    [
        ("10.70.0.3", "10.70.0.0/16", "10.70.0.0/16", "10.70.0.3"),
        ("10.70.1.3", "10.70.0.0/16", "10.71.0.0/16", "10.71.1.3"),
    ],
)
def test_addresses_are_remapped(address: str, original: str, seen: str, expected: str):
    """The network changes, the place in it does not."""
    assert authentication.remapped(address, original, seen) == expected


@pytest.mark.parametrize(
    ("status", "configured"),
    [
        ({}, False),
        ({"remote": {"cidr": {"pod": ["10.0.0.0/16"]}}}, True),
        ({"conditions": [{"type": "NetworkCIDRsConfigured", "status": "True", "observedGeneration": 2}]}, True),
        ({"conditions": [{"type": "NetworkCIDRsConfigured", "status": "True", "observedGeneration": 1}]}, False),
        ({"conditions": [{"type": "NetworkCIDRsConfigured", "status": "False", "observedGeneration": 2}]}, False),
    ],
)
def test_a_configuration_counts_for_its_current_generation(status: dict[str, Any], configured: bool):
    """Liqo of before v1.2 has no condition: then mapped networks tell."""
    assert networking.is_configured({"metadata": {"generation": 2}, "status": status}) is configured


def test_grants_and_denials():
    """Both grants are needed; a denial says why."""
    accepted = [{"type": kind, "status": "Accepted"} for kind in ("Authentication", "Resources")]
    denied = [{"type": "Resources", "status": "Denied", "message": "no room"}]
    assert offloading.is_granted({"status": {"conditions": accepted}})
    assert not offloading.is_granted({"status": {"conditions": accepted[:1]}})
    assert offloading.denial({"status": {"conditions": denied}}) == "no room"
    assert offloading.denial({"status": {"conditions": accepted}}) == ""


def test_a_slice_of_an_earlier_provider_is_told_by_its_authority():
    """Another CA means that the provider was made anew."""
    identity = {"spec": {"authParams": {"ca": "new"}}}
    assert offloading.is_of_earlier_provider({"status": {"authParams": {"ca": "old"}}}, identity)
    assert not offloading.is_of_earlier_provider({"status": {"authParams": {"ca": "new"}}}, identity)
    assert not offloading.is_of_earlier_provider({}, identity)
