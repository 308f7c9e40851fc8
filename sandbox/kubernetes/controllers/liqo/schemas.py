"""Parts that several of Liqo's kinds share."""

from __future__ import annotations

from sandbox.kubernetes.controllers.crd import (
    BOOL,
    BYTES,
    CIDR,
    FREE,
    INT,
    IPV4,
    STR,
    TIME,
    Schema,
    array,
    choice,
    mapping,
    record,
)

CLUSTER_ID: Schema = STR | {"pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}
LOCAL_REF = record(name=STR | {"default": ""})
OBJECT_REF = record(apiVersion=STR, fieldPath=STR, kind=STR, name=STR, namespace=STR, resourceVersion=STR, uid=STR)
META = record(annotations=mapping(STR), finalizers=array(STR), labels=mapping(STR), name=STR, namespace=STR)
AWS = record(awsAccessKeyID_=STR, awsClusterName_=STR, awsRegion_=STR, awsSecretAccessKey_=STR, awsUserArn_=STR)
AUTH_PARAMS = record(apiServer=STR, awsConfig=AWS, ca=BYTES, proxyURL=STR, signedCRT=BYTES)
ENDPOINT = record(addresses=array(STR), port=INT | {"format": "int32"}, protocol=choice("TCP", "UDP"))
INTERNAL_ENDPOINT = record(ip=IPV4, node=STR)
CIDRS = record(cidr=record(external=array(CIDR), pod=array(CIDR)))
DEPLOYMENT = record(metadata=META, spec=FREE)
SERVICE = record(metadata=META, spec=FREE)
METRICS = record(enabled_=BOOL, service=SERVICE, serviceMonitor=record(metadata=META, spec=FREE))
TEMPLATE = record(objectKind=record(apiVersion=STR, kind=STR), template=FREE)
CLASSES = {
    "storageClasses": array(record(default=BOOL, storageClassName_=STR)),
    "ingressClasses": array(record(default=BOOL, ingressClassName_=STR)),
    "loadBalancerClasses": array(record(default=BOOL, loadBalancerClassName_=STR)),
}
HOST_CONDITION = record(host_=STR, lastTransitionTime=TIME, status_=STR, type_=STR)

MODULE_CONDITION = record(
    lastTransitionTime=TIME,
    message=STR,
    reason=STR,
    status_=choice("None", "Pending", "Established", "Error", "Ready", "NotReady", "SomeNotReady", default="None"),
    type_=choice(
        "APIServerStatus",
        "NetworkConnectionStatus",
        "NetworkGatewayServerStatus",
        "NetworkGatewayClientStatus",
        "NetworkGatewayPresence",
        "NetworkConfigurationStatus",
        "AuthIdentityControlPlaneStatus",
        "AuthTenantStatus",
        "OffloadingVirtualNodeStatus",
        "OffloadingNodeStatus",
    ),
)
MODULE = record(conditions=array(MODULE_CONDITION), enabled_=BOOL)


def state_condition(types: tuple[str, ...], statuses: tuple[str, ...], default: str | None = None) -> Schema:
    """A condition whose status is one of some words."""
    status = choice(*statuses, default=default)
    return record(lastTransitionTime=TIME, message=STR, reason=STR, status_=status, type_=choice(*types))
