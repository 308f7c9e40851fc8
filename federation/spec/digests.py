"""Digests of what was asked for: an object that carries the same digest was made from the same spec."""

from __future__ import annotations

from typing import Any

from federation.spec.addon import AddOnDefinition
from federation.spec.application import Application, Component
from federation.spec.cluster import AddOn, Cluster
from federation.spec.federation import canonical, digest
from federation.spec.peering import Peering, PeeringKey, Profile
from federation.spec.sharing import pools_shared_by

RENDERING = 2
"""Raised whenever providers/addons renders other values from the same spec, so that installed add-ons are renewed."""
COMPONENT_RENDERING = 1
"""Raised whenever providers/applications renders other objects from the same spec, so that components are renewed."""


def component_digest(federation: str, application: Application, component: Component, home: str) -> str:
    """Digest of everything that the objects of one component are made from."""
    content = {
        "rendering": COMPONENT_RENDERING,
        "federation": federation,
        "application": application.name,
        "owner": application.owner,
        "registry": application.registry_secret,
        "home": home,
        "offloaded": sorted(remote_clusters(application, home)),
        "component": component.model_dump(mode="json", by_alias=True),
    }
    return digest(canonical(content))


def offloading_digest(federation: str, application: Application, home: str) -> str:
    """Digest of everything that an application's namespace and its offloading are made from."""
    content = {
        "federation": federation,
        "application": application.name,
        "owner": application.owner,
        "kinds": sorted({component.workload for component in application.components}),
        "clusters": sorted(remote_clusters(application, home)),
    }
    return digest(canonical(content))


def remote_clusters(application: Application, home: str) -> frozenset[str]:
    """Clusters other than the home that components are placed on."""
    return frozenset(cluster for each in application.components for cluster in each.placement.named) - {home}


def probe_digest(federation: str, key: PeeringKey, peering: Peering) -> str:
    """Digest of everything that the probe of a direction is made from."""
    content = {
        "federation": federation,
        "direction": str(key),
        "profile": peering.profile,
        "probe": peering.probe.model_dump(mode="json", by_alias=True),
    }
    return digest(canonical(content))


def chart_version(cluster: Cluster, addon: AddOn, definition: AddOnDefinition) -> str:
    """The version of an add-on's chart: the one that is asked for, or the newest that the cluster's minor runs."""
    return addon.version or definition.version_for(cluster.minor).version


_INSTALLED = {"chart", "repository", "namespace", "values", "own_values", "renderer", "service_annotations"}
"""What of a definition decides about what is installed."""


def digest_for(
    federation: str, cluster: Cluster, addon: AddOn, definition: AddOnDefinition, profile: Profile = "lan"
) -> str:
    """The digest that an add-on should carry: of all that its values and objects are made from.

    The cluster's endpoint is not part of it, since it is only known once the cluster runs; the installer compares the
    values themselves, too.

    Args:
        federation: Name of the federation.
        cluster: Where the add-on is.
        addon: As it is asked for.
        definition: Its entry of the catalogue.
        profile: Of the worst link that an interconnect has to cope with.
    """
    inputs: dict[str, Any] = {
        "rendering": RENDERING,
        "federation": federation,
        "cluster": cluster.name,
        "network": {
            **cluster.network.model_dump(mode="json", include={"pod_cidr", "service_cidr"}),
            "cni": cluster.cni,
        },
        "infrastructure": cluster.infrastructure.model_dump(mode="json", include={"type", "node_cidr"}),
        "distribution": cluster.distribution.type if cluster.distribution else None,
        "labels": cluster.labels,
        "addon": addon.model_dump(mode="json"),
        "version": chart_version(cluster, addon, definition),
        "shares": [pool.model_dump(mode="json") for pool in pools_shared_by(cluster, addon.name)],
        "definition": definition.model_dump(mode="json", include=_INSTALLED),
    }
    return digest(canonical(inputs if profile == "lan" else inputs | {"profile": profile}))
