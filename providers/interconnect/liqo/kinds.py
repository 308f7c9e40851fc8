"""Liqo's kinds, labels and fixed names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.resources import Kind

Object = Mapping[str, Any]

_AUTHENTICATION, _NETWORKING = "authentication.liqo.io/v1beta1", "networking.liqo.io/v1beta1"
_OFFLOADING, _IPAM = "offloading.liqo.io/v1beta1", "ipam.liqo.io/v1alpha1"

FOREIGN_CLUSTER = Kind("core.liqo.io/v1beta1", "ForeignCluster")
TENANT = Kind(_AUTHENTICATION, "Tenant")
IDENTITY = Kind(_AUTHENTICATION, "Identity")
RESOURCE_SLICE = Kind(_AUTHENTICATION, "ResourceSlice")
CONFIGURATION = Kind(_NETWORKING, "Configuration")
CONNECTION = Kind(_NETWORKING, "Connection")
GATEWAY_SERVER = Kind(_NETWORKING, "GatewayServer")
GATEWAY_CLIENT = Kind(_NETWORKING, "GatewayClient")
PUBLIC_KEY = Kind(_NETWORKING, "PublicKey")
VIRTUAL_NODE = Kind(_OFFLOADING, "VirtualNode")
NAMESPACE_MAP = Kind(_OFFLOADING, "NamespaceMap")
NETWORK = Kind(_IPAM, "Network")
IP = Kind(_IPAM, "IP")

LIQO_NAMESPACE = "liqo"
TENANT_NAMESPACE = "liqo.io/tenant-namespace"
REMOTE_ID = "liqo.io/remoteID"
ORIGIN_ID = "liqo.io/originID"
REPLICATION = "liqo.io/replication"
REPLICATED = "liqo.io/replicated"
NETWORK_TYPE = "ipam.liqo.io/network-type"
GATEWAY_RESOURCE = "networking.liqo.io/gateway-resource"
UNREACHABLE = "liqo.io/foreign-cluster-permanently-unreachable"


def dig(obj: Object | None, *path: str) -> Any:
    """The value at a path of keys; None as soon as one is missing."""
    value: Any = obj
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def condition_of(obj: Object, kind: str, *path: str) -> Object:
    """The condition of that type, in ``status.conditions`` or at another path; empty when it is not there."""
    conditions = dig(obj, *(path or ("status", "conditions"))) or ()
    return next((each for each in conditions if each.get("type") == kind), {})
