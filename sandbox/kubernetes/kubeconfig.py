"""Kubeconfig files."""

from __future__ import annotations

import base64

import yaml

from sandbox.kubernetes.api import Object


def kubeconfig(cluster: str, server: str, ca_pem: str, user: str, credentials: Object) -> str:
    """A kubeconfig with one context; names follow kubeadm's."""
    context = f"{user}@{cluster}"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {"certificate-authority-data": encoded(ca_pem), "server": server}}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": context, "context": {"cluster": cluster, "user": user}}],
        "current-context": context,
        "preferences": {},
    }
    return yaml.safe_dump(document, sort_keys=False)


def encoded(pem: str) -> str:
    """Base64, as kubeconfigs embed files."""
    return base64.b64encode(pem.encode()).decode()
