"""The blocks: typed credentials. Specs name them; the values stay encrypted in Prefect's database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from prefect.blocks.core import Block
from pydantic import BaseModel, Field, SecretStr, model_validator

from blocks.links import LinkShaper
from clients.kafka.access import KafkaAccess, Mechanism
from providers.contracts import (
    Inventory,
    InventoryHost,
    KeyPair,
    OpenStackCredentials,
    RegistryLogin,
)


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


class OpenStackCloud(Block):
    """A project of an OpenStack cloud: a password or an application credential."""

    _block_type_name = "OpenStack Cloud"
    _block_type_slug = "flotilla-openstack-cloud"
    _description = "A project of an OpenStack cloud, for Flotilla."

    auth_url: str = Field(description="URL of the identity service, such as https://keystone.example.org/v3")
    region: str | None = Field(default=None, description="Region, when the cloud has several")
    username: str | None = Field(default=None, description="User, for a password")
    password: SecretStr | None = Field(default=None, description="Password of the user")
    project_name: str | None = Field(default=None, description="Project, for a password")
    user_domain_name: str = Field(default="Default", description="Domain of the user")
    project_domain_name: str = Field(default="Default", description="Domain of the project")
    application_credential_id: str | None = Field(default=None, description="Id of an application credential")
    application_credential_secret: SecretStr | None = Field(default=None, description="Its secret")
    ca_certificate: str | None = Field(default=None, description="PEM of the authority that signed the cloud's TLS")
    ssh_user: str = Field(default="ubuntu", description="User that images let in")
    ssh_port: int = Field(default=22, description="SSH port of machines")

    def credentials(self) -> OpenStackCredentials:
        """The values, with secrets in clear, for a client."""
        plain = self.model_dump(include=set(OpenStackCredentials.__dataclass_fields__))
        secrets = {
            "password": _shown(self.password),
            "application_credential_secret": _shown(self.application_credential_secret),
        }
        return OpenStackCredentials(**{**plain, **secrets})


class HostEntry(BaseModel):
    """One bare host."""

    name: str = Field(description="Name that specs use, and name of the node")
    address: str = Field(description="Address that SSH reaches")
    host_key: str = Field(description="SSH public key of the host, 'ssh-ed25519 AAAA...'")
    user: str = Field(default="ubuntu", description="User with sudo")
    port: int = Field(default=22, description="SSH port")
    private_address: str | None = Field(default=None, description="Address among the hosts, when it is another")


class HostInventory(Block):
    """Bare hosts that one private key opens."""

    _block_type_name = "Host Inventory"
    _block_type_slug = "flotilla-host-inventory"
    _description = "Machines that exist and are reached over SSH, for Flotilla."

    hosts: list[HostEntry] = Field(description="The hosts, in the order in which they are used")
    private_key: SecretStr = Field(description="OpenSSH private key that every host accepts")

    def inventory(self) -> Inventory:
        """The hosts, with the key in clear, for a client."""
        hosts = tuple(InventoryHost(**host.model_dump()) for host in self.hosts)
        return Inventory(hosts=hosts, private_key=self.private_key.get_secret_value())


class MachineKey(Block):
    """The key pair for the machines that Flotilla makes in one federation."""

    _block_type_name = "Flotilla Machine Key"
    _block_type_slug = "flotilla-machine-key"
    _description = "SSH key pair of the machines of one federation. Made by Flotilla."

    public_key: str = Field(description="OpenSSH public key")
    private_key: SecretStr = Field(description="OpenSSH private key")

    def key_pair(self) -> KeyPair:
        """The pair, with the private key in clear."""
        return KeyPair(public_key=self.public_key, private_key=self.private_key.get_secret_value())


class ClusterAccess(Block):
    """The kubeconfig of a cluster that Flotilla made or was given.

    Made from a file, the file may be the kubeconfig itself.
    """

    _block_type_name = "Cluster Access"
    _block_type_slug = "flotilla-cluster-access"
    _description = "Kubeconfig of a cluster. Written by Flotilla after bootstrap, or by you for a cluster that exists."

    kubeconfig: SecretStr = Field(description="The kubeconfig as YAML, with its certificates or token inside")

    @model_validator(mode="before")
    @classmethod
    def _itself(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("kind") == "Config":
            return {"kubeconfig": yaml.safe_dump(dict(data))}
        return data


class SecretBundle(Block):
    """Named secret values that applications use."""

    _block_type_name = "Secret Bundle"
    _block_type_slug = "flotilla-secret-bundle"
    _description = "Keys and secret values that applications of a federation refer to."

    values: dict[str, SecretStr] = Field(description="Keys and values")

    def plain(self) -> dict[str, str]:
        """Keys and values in clear."""
        return {key: value.get_secret_value() for key, value in self.values.items()}


class RegistryCredentials(Block):
    """Credentials of a container registry."""

    _block_type_name = "Container Registry Credentials"
    _block_type_slug = "flotilla-registry-credentials"
    _description = "What it takes to pull images of an application."

    server: str = Field(description="Host of the registry")
    username: str = Field(description="User")
    password: SecretStr = Field(description="Password or token")

    def login(self) -> RegistryLogin:
        """The values, with the password in clear."""
        return RegistryLogin(self.server, self.username, self.password.get_secret_value())


class ChartRepositories(Block):
    """Where Helm charts come from, instead of the catalogue's own addresses: a mirror, or the sandbox."""

    _block_type_name = "Chart Repositories"
    _block_type_slug = "flotilla-chart-repositories"
    _description = "URLs of Helm chart repositories, by the catalogue's names for them."

    urls: dict[str, str] = Field(description="URL by name of the repository")


class KafkaCluster(Block):
    """A Kafka cluster and the topic that events go to."""

    _block_type_name = "Kafka Cluster"
    _block_type_slug = "flotilla-kafka-cluster"
    _description = "Where Flotilla's events go."

    servers: str = Field(min_length=1, description="host:port of one or more brokers, with commas between")
    topic: str = Field(default="flotilla.events", pattern=r"^[A-Za-z0-9._-]{1,249}$", description="Topic of the events")
    tls: bool = Field(default=True, description="Whether brokers are spoken to over TLS")
    ca_certificate: str | None = Field(default=None, description="PEM of the authority that signed the brokers' TLS")
    client_certificate: str | None = Field(default=None, description="PEM, where brokers ask for a certificate")
    client_key: SecretStr | None = Field(default=None, description="PEM of its key")
    mechanism: Mechanism | None = Field(default=None, description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
    username: str | None = Field(default=None, description="User, for a mechanism")
    password: SecretStr | None = Field(default=None, description="Password of the user")

    @model_validator(mode="after")
    def _whole(self) -> KafkaCluster:
        if self.mechanism and not (self.username and self.password):
            raise ValueError("a mechanism needs username and password")
        if self.mechanism == "PLAIN" and not self.tls:
            raise ValueError("PLAIN without TLS would send the password in clear; set tls, or take SCRAM-SHA-512")
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key belong together")
        return self

    def access(self) -> KafkaAccess:
        """The values, with secrets in clear, for a client."""
        plain = self.model_dump(include=set(KafkaAccess.__dataclass_fields__))
        return KafkaAccess(**{**plain, "client_key": _shown(self.client_key), "password": _shown(self.password)})


BLOCKS: tuple[type[Block], ...] = (
    OpenStackCloud,
    HostInventory,
    MachineKey,
    ClusterAccess,
    SecretBundle,
    RegistryCredentials,
    ChartRepositories,
    LinkShaper,
    KafkaCluster,
)
"""Every block type of Flotilla."""
