"""Keys, signatures and certificate requests as Liqo exchanges them. Source: docs.liqo.io, "Peering via CRs"."""

from __future__ import annotations

import base64
import binascii

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID

ORGANISATION = "liqo.io"


def b64(data: bytes) -> str:
    """As in ``data`` of a Secret."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Decode; empty for what is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def new_identity() -> dict[str, str]:
    """A key pair that identifies a cluster, as Secret data: PKCS#8 and PKIX PEM, Ed25519."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"privateKey": b64(private), "publicKey": b64(public)}


def new_tunnel() -> dict[str, str]:
    """A WireGuard key pair as Secret data: 32 raw bytes each."""
    key = X25519PrivateKey.generate()
    return {"privateKey": b64(key.private_bytes_raw()), "publicKey": b64(key.public_key().public_bytes_raw())}


def tunnel_public(private: str) -> str:
    """The public key that belongs to a private WireGuard key, both base64; empty when it is none."""
    raw = unb64(private)
    return b64(X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()) if len(raw) == 32 else ""


def sign(private_pem: bytes, data: bytes) -> bytes:
    """Sign as Liqo does: Ed25519, or RSA with SHA-256 in compatibility mode."""
    key = load_pem_private_key(private_pem, None)
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr,call-arg,arg-type]  # an RSA key here


def is_signed(public_pem: bytes, data: bytes, signature: bytes) -> bool:
    """Whether a signature fits key and data."""
    try:
        key = load_pem_public_key(public_pem)
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, data)
        elif isinstance(key, RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except (ValueError, InvalidSignature):
        return False
    return True


def request(private_pem: bytes, name: str) -> bytes:
    """A certificate request for a user of a peer."""
    key = load_pem_private_key(private_pem, None)
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION)]
    subject = x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])
    algorithm = None if isinstance(key, Ed25519PrivateKey) else hashes.SHA256()
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, algorithm)  # type: ignore[arg-type]  # the algorithm fits the key
    return csr.public_bytes(Encoding.PEM)


def why_invalid(csr_pem: bytes, public_pem: bytes | None, name: str | None) -> str:
    """Why a request is refused; empty when it is fine.

    Args:
        public_pem: Key that it must be for; None accepts any.
        name: Common name that it must have; None accepts any.
    """
    try:
        csr = x509.load_pem_x509_csr(csr_pem)
    except ValueError as error:
        return f"cannot parse CSR: {error}"
    if csr_pem.count(b"-----BEGIN") != 1:
        return "CSR must be exactly one PEM block"
    if not csr.is_signature_valid:
        return "CSR signature is not valid"
    if name is not None and common_name(csr_pem) != name:
        return f"invalid common name {common_name(csr_pem)!r}, expected {name!r}"
    organisations = [a.value for a in csr.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    if organisations != [ORGANISATION]:
        return f"invalid organization {organisations}, expected {ORGANISATION}"
    spki = csr.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if public_pem is not None and spki.split() != public_pem.split():
        return "CSR public key does not match the tenant's public key"
    return ""


def common_name(csr_pem: bytes) -> str:
    """The user that a request is for; empty when it cannot be read."""
    try:
        subject = x509.load_pem_x509_csr(csr_pem).subject
    except ValueError:
        return ""
    found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""
