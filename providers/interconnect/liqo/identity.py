"""The certificate request by which a consumer becomes known to a provider."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from federation.errors import Rejected

_ORGANIZATION = "liqo.io"


def render_request(private_key_pem: bytes, cluster_id: str) -> bytes:
    """A certificate signing request, PEM, for a cluster id, signed with the cluster's own Liqo key.

    The same key and id give the same request.

    Raises:
        Rejected: The key is neither Ed25519 nor RSA.
    """
    try:
        key = load_pem_private_key(private_key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Rejected(f"Liqo's key of {cluster_id} cannot be read as PEM") from None
    if not isinstance(key, (Ed25519PrivateKey, RSAPrivateKey)):
        raise Rejected(f"Liqo's key of {cluster_id} is neither Ed25519 nor RSA")
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, cluster_id),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name)
    algorithm = SHA256() if isinstance(key, RSAPrivateKey) else None
    return request.sign(key, algorithm).public_bytes(Encoding.PEM)
