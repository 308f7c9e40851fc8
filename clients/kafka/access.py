"""How a Kafka cluster is reached, and how librdkafka wants to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True)
class KafkaAccess:
    """Address, topic and credentials. Secrets are left out of its representation.

    Attributes:
        servers: ``host:port`` of one or more brokers, with commas between.
        ca_certificate: PEM of the authority that signed the brokers' TLS; the system's own when None.
        client_certificate, client_key: PEM, where brokers ask for a certificate.
    """

    servers: str
    topic: str
    tls: bool = True
    ca_certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = field(default=None, repr=False)
    mechanism: Mechanism | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def configuration(self) -> dict[str, object]:
        """The properties of librdkafka that reach it. Source: librdkafka's CONFIGURATION.md."""
        protocol = ("SASL_" if self.mechanism else "") + ("SSL" if self.tls else "PLAINTEXT")
        found: dict[str, object | None] = {
            "bootstrap.servers": self.servers,
            "security.protocol": protocol,
            "ssl.ca.pem": self.ca_certificate,
            "ssl.certificate.pem": self.client_certificate,
            "ssl.key.pem": self.client_key,
            "sasl.mechanism": self.mechanism,
            "sasl.username": self.username,
            "sasl.password": self.password,
        }
        return {name: value for name, value in found.items() if value is not None}
