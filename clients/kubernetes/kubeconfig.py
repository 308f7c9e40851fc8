"""Kubeconfig text to the facts that a connection needs."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from federation.errors import SpecInvalid, Unsupported

_FOREIGN_LOGINS = ("exec", "auth-provider", "username", "client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True)
class Access:
    """Where a cluster's API is and how to log in to it.

    Attributes:
        server: URL, https only.
        ca: Certificates that the server is checked against, PEM.
        token: Bearer token, when the login is one.
        certificate: Client certificate, PEM, when the login is one; ``key`` is its private key.
        server_name: Name in the server's certificate, when it is not the host of the URL.
    """

    server: str
    ca: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    server_name: str | None = None


def parse_kubeconfig(text: str) -> Access:
    """The current context of a kubeconfig, whose credentials must be inside the text.

    Raises:
        SpecInvalid: Not a kubeconfig, no current context, or the server is not verified by TLS.
        Unsupported: The login runs a program or reads files that are elsewhere.
    """
    config = _mapping(text)
    context = _entry(config, "contexts", str(config.get("current-context", "")), "context")
    cluster = _entry(config, "clusters", str(context.get("cluster", "")), "cluster")
    user = _entry(config, "users", str(context.get("user", "")), "user")
    _check(cluster, user)
    return Access(
        server=str(cluster["server"]).rstrip("/"),
        ca=_pem(cluster, "certificate-authority-data"),
        token=user.get("token"),
        certificate=_pem(user, "client-certificate-data"),
        key=_pem(user, "client-key-data"),
        server_name=cluster.get("tls-server-name"),
    )


def _mapping(text: str) -> Mapping[str, Any]:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        config = None
    if not isinstance(config, dict):
        raise SpecInvalid("the kubeconfig is not YAML of kind Config; store the output of 'kubectl config view --raw'")
    return config


def _entry(config: Mapping[str, Any], section: str, name: str, key: str) -> Mapping[str, Any]:
    for entry in config.get(section) or ():
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(key), dict):
            return dict(entry[key])
    raise SpecInvalid(f"the kubeconfig has no entry '{name}' in {section}; check current-context")


def _check(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> None:
    if not str(cluster.get("server", "")).startswith("https://"):
        raise SpecInvalid("the kubeconfig's server is not an https:// address")
    if cluster.get("insecure-skip-tls-verify"):
        raise SpecInvalid("the kubeconfig skips TLS verification; give certificate-authority-data instead")
    if "certificate-authority" in cluster:
        raise Unsupported("the kubeconfig names a CA file; inline it with 'kubectl config view --raw --flatten'")
    for login in _FOREIGN_LOGINS:
        if login in user:
            raise Unsupported(
                f"the kubeconfig logs in by '{login}'; inline a token or certificate with "
                "'kubectl config view --raw --flatten', or use a service account's token"
            )


def _pem(section: Mapping[str, Any], key: str) -> str | None:
    value = section.get(key)
    if value is None:
        return None
    try:
        return base64.b64decode(value, validate=False).decode("ascii")
    except (ValueError, TypeError):
        raise SpecInvalid(f"the kubeconfig's {key} is not base64 of PEM") from None
