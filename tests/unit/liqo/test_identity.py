"""The certificate request of a consumer."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from federation.errors import Rejected
from providers.interconnect.liqo.identity import render_request


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("make", [ed25519.Ed25519PrivateKey.generate, lambda: rsa.generate_private_key(65537, 2048)])
def test_the_request_names_the_cluster_and_is_signed(make):
    """Common name and organization are as Liqo expects; the same key gives the same request."""
    key = pem(make())
    request = x509.load_pem_x509_csr(render_request(key, "fed-a"))
    names = {attribute.oid: attribute.value for attribute in request.subject}
    assert names == {NameOID.COMMON_NAME: "fed-a", NameOID.ORGANIZATION_NAME: "liqo.io"}
    assert request.is_signature_valid
    assert render_request(key, "fed-a") == render_request(key, "fed-a")


@pytest.mark.parametrize("key", [b"hunter2", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_another_key_is_refused_without_showing_it(key: bytes):
    """Only the two kinds of keys that Liqo makes can be used."""
    with pytest.raises(Rejected) as caught:
        render_request(key, "fed-a")
    assert "hunter2" not in str(caught.value)
