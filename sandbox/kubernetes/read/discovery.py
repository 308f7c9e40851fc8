"""Discovery documents. Source: kubernetes.io, "The Kubernetes API, Discovery API"."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.catalogue import Catalogue
from sandbox.kubernetes.custom import version_rank
from sandbox.kubernetes.resource import Resource

AGGREGATED = "apidiscovery.k8s.io"
AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_SUBRESOURCE_VERBS = {
    "status": ["get", "patch", "update"],
    "scale": ["get", "patch", "update"],
    "approval": ["get", "patch", "update"],
    "ephemeralcontainers": ["get", "patch", "update"],
    "resize": ["get", "patch", "update"],
    "finalize": ["update"],
    "log": ["get"],
    "token": ["create"],
    "binding": ["create"],
    "eviction": ["create"],
    "proxy": ["create", "delete", "get", "patch", "update"],
    "attach": ["create", "get"],
    "exec": ["create", "get"],
    "portforward": ["create", "get"],
}
_SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest"),
    "eviction": ("policy", "v1", "Eviction"),
    "binding": ("", "", "Binding"),
}
_OPTIONS = {"attach": "Attach", "exec": "Exec", "portforward": "PortForward", "proxy": "Proxy"}


def api_versions() -> Object:
    """``/api``."""
    address = [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443"}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": address}


def _versions(catalogue: Catalogue, group: str) -> list[str]:
    return sorted({v for g, v in catalogue.group_versions() if g == group}, key=version_rank)


def _groups(catalogue: Catalogue) -> list[str]:
    return list(dict.fromkeys(group for group, _ in catalogue.group_versions() if group))


def group_list(catalogue: Catalogue) -> Object:
    """``/apis``."""
    groups = [_group(catalogue, group) for group in _groups(catalogue)]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(catalogue: Catalogue, name: str) -> Object | None:
    """``/apis/{group}``."""
    if name not in _groups(catalogue):
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(catalogue, name)}


def _group(catalogue: Catalogue, name: str) -> Object:
    versions = [{"groupVersion": f"{name}/{v}", "version": v} for v in _versions(catalogue, name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def resource_list(catalogue: Catalogue, group_name: str, version: str) -> Object | None:
    """``/api/v1`` and ``/apis/{group}/{version}``."""
    resources = catalogue.of(group_name, version)
    if not resources:
        return None
    group_version = f"{group_name}/{version}" if group_name else version
    rows = [row for resource in resources for row in _rows(resource)]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": rows}


def _rows(resource: Resource) -> Iterable[Object]:
    row: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        row["shortNames"] = list(resource.short_names)
    if resource.categories:
        row["categories"] = list(resource.categories)
    yield row
    for subresource in resource.subresources:
        group_name, version, kind = _subresource_kind(resource, subresource) or ("", "", resource.kind)
        row = {
            "name": f"{resource.plural}/{subresource}",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": kind,
            "verbs": _SUBRESOURCE_VERBS[subresource],
        }
        if group_name:
            row |= {"group": group_name, "version": version}
        yield row


def _subresource_kind(resource: Resource, name: str) -> tuple[str, str, str] | None:
    """Kind of a subresource that is not its resource's."""
    if name in _OPTIONS:
        return ("", "", f"{resource.kind}{_OPTIONS[name]}Options")
    return _SUBRESOURCE_KINDS.get(name)


def aggregated(catalogue: Catalogue, *, core: bool) -> Object:
    """Everything about ``/api`` or ``/apis`` in one document."""
    groups = [""] if core else _groups(catalogue)
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"{AGGREGATED}/v2",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": name} if name else {},
                "versions": [
                    {
                        "version": version,
                        "freshness": "Current",
                        "resources": [_discovered(resource) for resource in catalogue.of(name, version)],
                    }
                    for version in _versions(catalogue, name)
                ],
            }
            for name in groups
        ],
    }


def _discovered(resource: Resource) -> Object:
    row: Object = {
        "resource": resource.plural,
        "responseKind": _kind(resource.group, resource.version, resource.kind),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        row["shortNames"] = list(resource.short_names)
    if resource.categories:
        row["categories"] = list(resource.categories)
    if resource.subresources:
        row["subresources"] = [_discovered_subresource(resource, name) for name in resource.subresources]
    return row


def _discovered_subresource(resource: Resource, name: str) -> Object:
    own = (resource.group, resource.version, resource.kind)
    group_name, version, kind = _subresource_kind(resource, name) or own
    return {
        "subresource": name,
        "responseKind": _kind(group_name, version, kind),
        "verbs": _SUBRESOURCE_VERBS[name],
    }


def _kind(group_name: str, version: str, kind: str) -> Object:
    return {"group": group_name, "version": version, "kind": kind}
