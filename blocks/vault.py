"""The vault: credentials by name, kept in Prefect blocks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prefect.blocks.core import Block
from prefect.exceptions import ObjectAlreadyExists
from pydantic import SecretStr

from blocks.credentials import (
    ChartRepositories,
    ClusterAccess,
    HostInventory,
    KafkaCluster,
    MachineKey,
    OpenStackCloud,
    RegistryCredentials,
    SecretBundle,
)
from clients.kafka.access import KafkaAccess
from federation.errors import Conflict, SpecInvalid, Unavailable
from providers.contracts import Inventory, KeyPair, OpenStackCredentials, RegistryLogin

B = TypeVar("B", bound=Block)
CHARTS = "flotilla-charts"
"""Name of the ChartRepositories block that is used when it exists."""


class BlockVault:
    """A ``providers.contracts.Vault`` over Prefect blocks.

    Blocks are read once in the life of a vault: make one per flow run. Safe to use from several threads, not from a
    running event loop.

    Args:
        given: Names of the blocks with the kubeconfigs of existing clusters, by federation and cluster. They are read,
            never written.
    """

    def __init__(self, given: Mapping[tuple[str, str], str] | None = None) -> None:
        self._given = dict(given or {})
        self._kept: dict[tuple[str, str], Block | None] = {}
        self._lock = threading.Lock()
        self._saving = threading.Lock()

    def openstack(self, cloud: str) -> OpenStackCredentials:
        """Credentials of a cloud."""
        return self._need(OpenStackCloud, cloud).credentials()

    def inventory(self, name: str) -> Inventory:
        """Bare hosts of an inventory."""
        return self._need(HostInventory, name).inventory()

    def machine_key(self, federation: str) -> KeyPair:
        """The key pair for machines that we create; made and kept at its first use."""
        with self._lock:
            found = self._find(MachineKey, federation)
            if found is None:
                found = _new_machine_key()
                self._save(found, federation)
        return found.key_pair()

    def forget_machine_key(self, federation: str) -> None:
        """Forget the key pair of a federation that is gone."""
        self._forget(MachineKey, federation)

    def kubeconfig(self, federation: str, cluster: str) -> str | None:
        """The kubeconfig that was kept when the cluster was made, or that its owner gave; None when there is none."""
        block = self._given.get((federation, cluster))
        if block is not None:
            return self._need(ClusterAccess, block).kubeconfig.get_secret_value()
        found = self._find(ClusterAccess, access_name(federation, cluster))
        return found.kubeconfig.get_secret_value() if found else None

    def keep_kubeconfig(self, federation: str, cluster: str, kubeconfig: str) -> None:
        """Keep a kubeconfig, replacing an older one."""
        self._save(ClusterAccess(kubeconfig=SecretStr(kubeconfig)), access_name(federation, cluster))

    def forget_kubeconfig(self, federation: str, cluster: str) -> None:
        """Forget a kubeconfig; none is no error."""
        self._forget(ClusterAccess, access_name(federation, cluster))

    def secret(self, name: str) -> Mapping[str, str]:
        """Keys and values of a secret bundle."""
        return self._need(SecretBundle, name).plain()

    def registry(self, name: str) -> RegistryLogin:
        """Credentials of a container registry."""
        return self._need(RegistryCredentials, name).login()

    def kafka(self, name: str) -> KafkaAccess:
        """Address, topic and credentials of a Kafka cluster."""
        return self._need(KafkaCluster, name).access()

    def chart_repositories(self) -> Mapping[str, str]:
        """URLs that replace the catalogue's; empty when nobody set any."""
        found = self._find(ChartRepositories, CHARTS)
        return dict(found.urls) if found else {}

    def _need(self, kind: type[B], name: str) -> B:
        found = self._find(kind, name)
        if found is None:
            raise SpecInvalid(
                f"there is no block '{name}' of type {kind.get_block_type_slug()}; make it in the Prefect UI under "
                f"Blocks, or with: flotilla blocks create {kind.get_block_type_slug()} {name} -f FILE",
                reason="BlockMissing",
            )
        return found

    def _find(self, kind: type[B], name: str) -> B | None:
        slot = (kind.get_block_type_slug(), name)
        if slot not in self._kept:
            with _translated(name):
                self._kept[slot] = _load(kind, name)
        found = self._kept[slot]
        return found if isinstance(found, kind) else None

    def _save(self, block: Block, name: str) -> None:
        """Prefect registers a block's type with its first block: who does it at the same time is refused."""
        with self._saving, _translated(name):
            try:
                block.save(name, overwrite=True, _sync=True)  # type: ignore[call-arg]  # not in its types
            except ObjectAlreadyExists as error:
                raise Conflict(f"block {name}: another process saved one of its type at the same time") from error
        self._kept[(block.get_block_type_slug(), name)] = block

    def _forget(self, kind: type[Block], name: str) -> None:
        with _translated(name):
            if _load(kind, name) is not None:
                kind.delete(name, _sync=True)  # type: ignore[call-arg]  # not in its types
        self._kept[(kind.get_block_type_slug(), name)] = None


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise Unavailable(f"Prefect gives no answer about block {name}: {error}") from error


def access_name(federation: str, cluster: str) -> str:
    """Name of the block with a cluster's kubeconfig. The number keeps a of b-c apart from a-b of c."""
    return f"{federation}-{cluster}-{len(federation)}"


def _load(kind: type[B], name: str) -> B | None:
    """The block of that name. Prefect tells a missing block by a ValueError that names it.

    ``_sync``: Prefect would take a thread that a flow started for the flow's event loop, and hand back a coroutine.
    """
    try:
        loaded = kind.load(name, _sync=True)  # type: ignore[call-arg]  # not in its types
    except ValueError as error:
        if "Unable to find block document" in str(error):
            return None
        raise
    return loaded if isinstance(loaded, kind) else None


def _new_machine_key() -> MachineKey:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return MachineKey(public_key=public.decode(), private_key=SecretStr(private.decode()))
