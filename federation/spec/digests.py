"""Digests of what was asked for: an object that carries the same digest was made from the same spec."""

from __future__ import annotations

import json

from federation.spec.application import Application, Component
from federation.spec.federation import digest


def component_digest(federation: str, application: Application, component: Component, home: str) -> str:
    """Digest of everything that the objects of one component are made from."""
    content = {
        "federation": federation,
        "application": application.name,
        "owner": application.owner,
        "registry": application.registry_secret,
        "home": home,
        "offloaded": sorted(remote_clusters(application, home)),
        "component": component.model_dump(mode="json", by_alias=True),
    }
    return digest(json.dumps(content, sort_keys=True))


def offloading_digest(federation: str, application: Application, home: str) -> str:
    """Digest of everything that an application's namespace and its offloading are made from."""
    secrets = {ref.secret for component in application.components for ref in component.secret_env.values()}
    certificates = {port.tls for component in application.components for port in component.ports if port.tls}
    content = {
        "federation": federation,
        "application": application.name,
        "owner": application.owner,
        "registry": application.registry_secret,
        "secrets": sorted(secrets | certificates),
        "clusters": sorted(remote_clusters(application, home)),
    }
    return digest(json.dumps(content, sort_keys=True))


def remote_clusters(application: Application, home: str) -> frozenset[str]:
    """Clusters other than the home that components are placed on."""
    return frozenset(each.placement.cluster for each in application.components) - {home}
