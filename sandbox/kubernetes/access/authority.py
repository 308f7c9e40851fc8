"""The certificate authority of a cluster, the keys of its service accounts, and what they sign."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_BACKDATED = timedelta(minutes=5)
_CA_LIFE, _LEAF_LIFE = timedelta(days=3650), timedelta(days=365)


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """A private key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def load_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """A private key from PEM."""
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not an elliptic curve key")
    return key


class Authority:
    """A certificate authority on curve P-256, as kubeadm's, with another algorithm."""

    def __init__(self, name: str, ca_key_pem: str = "", ca_pem: str = "") -> None:
        self.key = load_key(ca_key_pem) if ca_key_pem else ec.generate_private_key(ec.SECP256R1())
        self.certificate = x509.load_pem_x509_certificate(ca_pem.encode()) if ca_pem else self._self_signed(name)

    def pem(self) -> str:
        """The certificate of the authority."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def hash(self) -> str:
        """``sha256:`` and the digest of the public key, as ``kubeadm join`` checks it."""
        public = self.certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return "sha256:" + hashlib.sha256(public).hexdigest()

    def server(self, names: Iterable[str]) -> tuple[str, str]:
        """Certificate and key (PEM) of a server known by these host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in dict.fromkeys(names)])
        certificate = self._sign(subject, key.public_key(), ExtendedKeyUsageOID.SERVER_AUTH, [alternatives])
        return certificate, key_pem(key)

    def client(self, user: str, groups: Sequence[str]) -> tuple[str, str]:
        """Certificate and key (PEM) of a user."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._client(user, groups, key.public_key()), key_pem(key)

    def sign_client(self, request_pem: str, user: str, groups: Sequence[str]) -> str:
        """Client certificate (PEM) for the public key in a request."""
        public = x509.load_pem_x509_csr(request_pem.encode()).public_key()
        return self._client(user, groups, cast(CertificateIssuerPublicKeyTypes, public))

    def _client(self, user: str, groups: Sequence[str], public: CertificateIssuerPublicKeyTypes) -> str:
        organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, user)])
        return self._sign(subject, public, ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def _sign(
        self,
        subject: x509.Name,
        public: CertificateIssuerPublicKeyTypes,
        usage: x509.ObjectIdentifier,
        extensions: Sequence[x509.ExtensionType],
    ) -> str:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + _LEAF_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(_issuer(self.certificate), critical=False)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def _self_signed(self, name: str) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + _CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )


def _issuer(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
