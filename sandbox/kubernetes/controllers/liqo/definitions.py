"""The kinds that Liqo v1.2 adds to a cluster, written down from its documentation.

Pod-like parts are kept as they come; everything else is typed, and what Liqo requires is required here.
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.controllers.crd import (
    BOOL,
    BYTES,
    CIDR,
    INT,
    IPV4,
    QUANTITIES,
    STR,
    Definition,
    array,
    choice,
    constant,
    mapping,
    record,
)
from sandbox.kubernetes.controllers.liqo.networking_kinds import NETWORKING
from sandbox.kubernetes.controllers.liqo.offloading_kinds import OFFLOADING
from sandbox.kubernetes.controllers.liqo.schemas import (
    AUTH_PARAMS,
    CLASSES,
    CLUSTER_ID,
    LOCAL_REF,
    MODULE,
    MODULE_CONDITION,
    OBJECT_REF,
    SERVICE,
    state_condition,
)

CORE = (
    Definition(
        "ForeignCluster",
        "foreignclusters",
        record(clusterID_=constant(CLUSTER_ID, "ClusterID field is immutable")),
        record(
            apiServerUrl=STR,
            conditions=array(MODULE_CONDITION),
            foreignProxyUrl=STR,
            modules=record(authentication_=MODULE, networking_=MODULE, offloading_=MODULE),
            observedGeneration=INT | {"format": "int64"},
            role_=choice("Consumer", "Provider", "ConsumerAndProvider", "Unknown", default="Unknown"),
            tenantNamespace=record(local=STR, remote=STR),
        ),
        short=("fc",),
        cluster_wide=True,
        columns=("Role .status.role", "ClusterID .spec.clusterID"),
    ),
)

AUTHENTICATION = (
    Definition(
        "Identity",
        "identities",
        record(
            authParams=AUTH_PARAMS,
            clusterID=CLUSTER_ID,
            namespace=STR,
            type=choice("ControlPlane", "ResourceSlice"),
        ),
        record(kubeconfigSecretRef=LOCAL_REF),
        short=("id",),
        columns=("Type .spec.type", "KubeconfigSecret .status.kubeconfigSecretRef.name"),
    ),
    Definition(
        "Renew",
        "renews",
        record(
            consumerClusterID=CLUSTER_ID,
            csr=BYTES,
            identityType=STR,
            publicKey=BYTES,
            resourceSliceRef=LOCAL_REF,
        ),
        record(authParams=AUTH_PARAMS),
    ),
    Definition(
        "ResourceSlice",
        "resourceslices",
        record(
            **{"class": STR},
            consumerClusterID=CLUSTER_ID,
            csr=BYTES,
            providerClusterID=CLUSTER_ID,
            resources=QUANTITIES,
        ),
        record(
            authParams=AUTH_PARAMS,
            conditions=array(state_condition(("Authentication", "Resources"), ("Accepted", "Denied"))),
            nodeLabels=mapping(STR),
            nodeSelector=mapping(STR),
            resources=QUANTITIES,
            **CLASSES,
        ),
        short=("rslice",),
        columns=(
            'Authentication .status.conditions[?(@.type=="Authentication")].status',
            'Resources .status.conditions[?(@.type=="Resources")].status',
        ),
    ),
    Definition(
        "Tenant",
        "tenants",
        record(
            authzPolicy=choice("KeysExchange", "TolerateNoHandshake", default="KeysExchange"),
            clusterID=constant(CLUSTER_ID, "ClusterID is immutable"),
            csr=BYTES,
            proxyURL=STR,
            publicKey=BYTES,
            signature=BYTES,
            tenantCondition=choice("Active", "Cordoned", "Drained", default="Active"),
        ),
        record(authParams=AUTH_PARAMS, tenantNamespace=STR),
        short=("tn",),
        columns=("Condition .spec.tenantCondition",),
    ),
)

IPAM = (
    Definition(
        "IP",
        "ips",
        record(
            ip_=constant(IPV4, "IP field is immutable"),
            masquerade=BOOL,
            networkRef=OBJECT_REF,
            serviceTemplate=SERVICE,
        ),
        record(cidr=CIDR, ip=IPV4),
        needs_spec=True,
        columns=("Local-IP .spec.ip", "Remapped-IP .status.ip", "Remapped-IP-CIDR .status.cidr"),
    ),
    Definition(
        "Network",
        "networks",
        record(
            cidr_=constant(CIDR, "CIDR field is immutable"),
            preAllocated=constant(INT | {"minimum": 0}, "PreAllocated field is immutable"),
        ),
        record(cidr=CIDR),
        short=("net",),
        needs_spec=True,
        columns=("Desired-CIDR .spec.cidr", "Remapped-CIDR .status.cidr"),
    ),
)

GROUPS = {
    ("core.liqo.io", "v1beta1"): CORE,
    ("authentication.liqo.io", "v1beta1"): AUTHENTICATION,
    ("ipam.liqo.io", "v1alpha1"): IPAM,
    ("networking.liqo.io", "v1beta1"): NETWORKING,
    ("offloading.liqo.io", "v1beta1"): OFFLOADING,
}


def crds() -> list[dict[str, Any]]:
    """All 28 CustomResourceDefinitions, ready to apply."""
    return [one.manifest(group, version, ("liqo",)) for (group, version), kinds in GROUPS.items() for one in kinds]
