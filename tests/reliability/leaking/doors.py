"""Who is trusted: certificates and host keys that are not the right ones are refused, before any secret is sent."""

from __future__ import annotations

import base64
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clients.kubernetes.api import KubernetesClient
from clients.openstack.connection import CloudConnection
from federation.errors import FlotillaError
from providers.contracts import OpenStackCredentials

Row = tuple[str, str, bool]
"""What was tried, what was said, and whether that is right."""


def rows() -> Iterator[Row]:
    """Every door with a right and with wrong authorities."""
    own, own_key = _certificate()
    other, _ = _certificate()
    with _server(own, own_key) as (url, heard):
        for name, pem, trusted in (
            ("no authority given", None, False),
            ("another", other, False),
            ("its own", own, True),
        ):
            for kind, ask in (("OpenStack", _cloud), ("Kubernetes", _cluster)):
                heard.clear()
                said = ask(url, pem)
                refused = not heard and ("certificate" in said.lower() or "CA" in said)
                yield (
                    f"{kind} over TLS with a self-signed certificate, authority: {name}",
                    said[:120],
                    refused is not trusted,
                )


def _cloud(url: str, authority: str | None) -> str:
    credentials = OpenStackCredentials(
        auth_url=f"{url}/v3", region=None, username="u", password="secret", project_name="p", ca_certificate=authority
    )
    connection = CloudConnection(credentials, "cloud lab")
    try:
        connection.read(lambda cloud: list(cloud.compute.servers()))
    except FlotillaError as error:
        return str(error)
    finally:
        connection.close()
    return "answered"


def _cluster(url: str, authority: str | None) -> str:
    trust = {"certificate-authority-data": base64.b64encode(authority.encode()).decode()} if authority else {}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": url, **trust}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
    }
    try:
        client = KubernetesClient(yaml.safe_dump(content))
        try:
            return f"answered {client.version()}"
        finally:
            client.close()
    except FlotillaError as error:
        return str(error)


@contextmanager
def _server(certificate: str, key: str) -> Iterator[tuple[str, list[str]]]:
    """A server that notes every request it can read."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_error(418, "no certificate was in the way")

        do_POST = do_GET  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """Clients that hang up on a wrong certificate are what is wanted."""

    server = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(certificate + key)
        file.flush()
        context.load_cert_chain(file.name)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate() -> tuple[str, str]:
    """A self-signed certificate of 127.0.0.1, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
