"""A certificate authority for a test cluster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


class Authority:
    """Issues client certificates."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = self._sign(self._name, self._key.public_key())

    def ca_pem(self) -> str:
        return self._certificate.public_bytes(Encoding.PEM).decode()

    def sign_client(self, csr_pem: str, user: str, groups: list[str]) -> str:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        name = x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, user)])
        return self._sign(name, request.public_key()).public_bytes(Encoding.PEM).decode()

    def _sign(self, subject: x509.Name, key: object) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
        builder = builder.public_key(key).serial_number(x509.random_serial_number())  # type: ignore[arg-type]
        builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=365))
        return builder.sign(self._key, hashes.SHA256())
