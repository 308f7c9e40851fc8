"""Registries of a cluster with what the vault holds for them."""

from __future__ import annotations

import hmac

from federation.errors import SpecInvalid
from federation.spec.cluster import Cluster
from federation.spec.federation import canonical
from federation.spec.registries import Registry
from providers.contracts import RegistryAccess, Vault
from providers.secrets import pick

UNREADABLE = "unreadable"
"""In the place of a digest while a block is missing: the steps that are planned for it then say which."""


def registry_access(vault: Vault, cluster: Cluster) -> tuple[RegistryAccess, ...]:
    """Every registry with its credentials and its authority.

    Raises:
        SpecInvalid: A block, or a key in it, is missing.
    """
    return tuple(_access(vault, registry) for registry in cluster.registries)


def _access(vault: Vault, registry: Registry) -> RegistryAccess:
    login = vault.registry(registry.credentials) if registry.credentials else None
    authority = None
    if registry.ca:
        authority = pick(vault, registry.ca.secret, (registry.ca.key,))[registry.ca.key]
    return RegistryAccess(registry.host, registry.mirrors, login, authority)


def registry_digest(vault: Vault, federation: str, cluster: Cluster) -> str:
    """Changes with anything that nodes are told, passwords included; empty when they are told nothing.

    It stands on Node objects, which many may read: the kubeconfig is its key, so that it gives no password away to
    anybody who is not an administrator of the cluster anyway.
    """
    key = vault.kubeconfig(federation, cluster.name)
    if not cluster.registries or key is None:
        return ""
    try:
        told = registry_access(vault, cluster)
    except SpecInvalid:
        return UNREADABLE
    rows = [[each.host, list(each.mirrors), _login(each), each.ca] for each in told]
    return hmac.new(key.encode(), canonical(rows).encode(), "sha256").hexdigest()[:12]


def _login(access: RegistryAccess) -> list[str]:
    return [access.login.username, access.login.password] if access.login else []
