"""Blocks that lead into the sandbox: the one place where real and emulated worlds differ."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks.credentials import (
    ChartRepositories,
    HostEntry,
    HostInventory,
    OpenStackCloud,
    RegistryCredentials,
    SecretBundle,
)
from blocks.links import LinkShaper
from blocks.vault import CHARTS
from config.catalogue.reading import read_repositories
from flotilla.sandbox_client import Json, SandboxClient

SSH_PORT = 2222
REGISTRIES = {"charity-registry": "repository.charity-project.eu", "ist168-registry": "registry.example.no"}
"""Registry credentials that the samples name; the sandbox pulls nothing, so any login does."""
LOGINS = {"cyango-db": "cyango", "spot-media": "spotter", "argo-db": "argo"}
"""Secrets that the samples name, with the user in each; the password is made up."""


def register_blocks(sandbox: SandboxClient) -> list[str]:
    """Make or replace every block that the sample federations name.

    Returns:
        Names of the blocks, with their types.
    """
    credentials = sandbox.get("credentials")
    made: dict[str, Block] = {"lab": _cloud(credentials), CHARTS: _charts(credentials)}
    made |= {name: _inventory(entry) for name, entry in credentials["inventories"].items()}
    made |= {name: _registry(server) for name, server in REGISTRIES.items()}
    made |= {"links": LinkShaper(url=sandbox.url)}
    made |= {"cyango-certificate": _certificate("editor.example.org", "story.example.org")}
    made |= {name: _login(user) for name, user in LOGINS.items()}
    for name, block in made.items():
        block.save(name, overwrite=True)
    return [f"{block.get_block_type_slug()}/{name}" for name, block in made.items()]


def _login(user: str) -> SecretBundle:
    return SecretBundle(values={"user": SecretStr(user), "password": SecretStr(_password())})


def _password() -> str:
    return secrets.token_urlsafe(16)


def _cloud(credentials: Json) -> OpenStackCloud:
    cloud = credentials["clouds"]["lab"]
    auth = cloud["auth"]
    return OpenStackCloud(
        auth_url=auth["auth_url"],
        region=cloud["region_name"],
        username=auth["username"],
        password=SecretStr(auth["password"]),
        project_name=auth["project_name"],
        ssh_port=SSH_PORT,
    )


def _charts(credentials: Json) -> ChartRepositories:
    return ChartRepositories(urls={name: f"{credentials['charts']}/{name}" for name in read_repositories()})


def _inventory(entry: Json) -> HostInventory:
    hosts = [
        HostEntry(
            name=host["name"],
            address=host["address"],
            port=host["port"],
            user=entry["user"],
            host_key=next(key for key in host["host_keys"] if key.startswith("ssh-ed25519")),
            private_address=host.get("private_address"),
        )
        for host in entry["hosts"]
    ]
    return HostInventory(hosts=hosts, private_key=SecretStr(entry["private_key"]))


def _registry(server: str) -> RegistryCredentials:
    return RegistryCredentials(server=server, username="sandbox", password=SecretStr(_password()))


def _certificate(*names: str) -> SecretBundle:
    """A self-signed certificate for the samples' ingresses."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    return SecretBundle(values={"tls.crt": SecretStr(public.decode()), "tls.key": SecretStr(private.decode())})
