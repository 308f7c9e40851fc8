"""Kinds of the group networking.liqo.io."""

from __future__ import annotations

from sandbox.kubernetes.controllers.crd import (
    BYTES,
    CIDR,
    FREE_LIST,
    INT,
    IPV4,
    STR,
    TIME,
    Definition,
    array,
    choice,
    mapping,
    record,
)
from sandbox.kubernetes.controllers.liqo.schemas import (
    CIDRS,
    DEPLOYMENT,
    ENDPOINT,
    HOST_CONDITION,
    INTERNAL_ENDPOINT,
    LOCAL_REF,
    METRICS,
    OBJECT_REF,
    SERVICE,
    TEMPLATE,
)

NETWORKING = (
    Definition(
        "Configuration",
        "configurations",
        record(local=CIDRS, remote=CIDRS),
        record(
            conditions=array(
                record(
                    lastTransitionTime_=TIME,
                    message_=STR,
                    observedGeneration=INT,
                    reason_=STR,
                    status_=choice("True", "False", "Unknown"),
                    type_=STR,
                )
            ),
            remote=CIDRS,
        ),
        short=("conf",),
        columns=("Desired-Pod-CIDR .spec.remote.cidr.pod", "Remapped-Pod-CIDR .status.remote.cidr.pod"),
    ),
    Definition(
        "Connection",
        "connections",
        record(gatewayRef_=OBJECT_REF, type_=choice("Server", "Client")),
        record(latency=record(timestamp=TIME, value=STR), value=STR),
        short=("conn",),
        columns=("Type .spec.type", "Status .status.value", "Latency .status.latency.value"),
    ),
    Definition(
        "GatewayServer",
        "gatewayservers",
        record(
            endpoint=record(
                loadBalancerIP=STR,
                nodePort=INT,
                port=INT,
                serviceType=choice("ClusterIP", "NodePort", "LoadBalancer", "ExternalName", default="ClusterIP"),
            ),
            mtu=INT,
            secretRef=LOCAL_REF,
            serverTemplateRef=OBJECT_REF,
            serviceAnnotations=mapping(STR),
            serviceLabels=mapping(STR),
        ),
        record(
            endpoint=ENDPOINT,
            internalEndpoint=INTERNAL_ENDPOINT,
            secretRef=OBJECT_REF,
            serverRef=OBJECT_REF,
        ),
        short=("gws", "gwserver"),
        columns=(
            "Template-Name .spec.serverTemplateRef.name",
            "IP .status.endpoint.addresses[*]",
            "Port .status.endpoint.port",
        ),
    ),
    Definition(
        "GatewayClient",
        "gatewayclients",
        record(clientTemplateRef=OBJECT_REF, endpoint=ENDPOINT, mtu=INT, secretRef=LOCAL_REF),
        record(clientRef=OBJECT_REF, internalEndpoint=INTERNAL_ENDPOINT, secretRef=OBJECT_REF),
        short=("gwc", "gwclient"),
        columns=(
            "Template-Name .spec.clientTemplateRef.name",
            "IP .spec.endpoint.addresses[*]",
            "Port .spec.endpoint.port",
        ),
    ),
    Definition(
        "PublicKey",
        "publickeies",
        record(publicKey=BYTES),
        short=("pk", "pkies", "pkey"),
        has_status=False,
    ),
    Definition(
        "WgGatewayServer",
        "wggatewayservers",
        record(deployment_=DEPLOYMENT, metrics=METRICS, secretRef=LOCAL_REF, service_=SERVICE),
        record(endpoint=ENDPOINT, internalEndpoint=INTERNAL_ENDPOINT, secretRef=OBJECT_REF),
        short=("wgs", "wggs"),
    ),
    Definition(
        "WgGatewayClient",
        "wggatewayclients",
        record(deployment_=DEPLOYMENT, metrics=METRICS, secretRef=LOCAL_REF),
        record(internalEndpoint=INTERNAL_ENDPOINT, secretRef=OBJECT_REF),
        short=("wgc", "wggc"),
    ),
    Definition(
        "WgGatewayServerTemplate",
        "wggatewayservertemplates",
        TEMPLATE,
        short=("wggst", "wgst"),
        has_status=False,
    ),
    Definition(
        "WgGatewayClientTemplate",
        "wggatewayclienttemplates",
        TEMPLATE,
        short=("wggct", "wgct"),
        has_status=False,
    ),
    Definition(
        "InternalNode",
        "internalnodes",
        record(interface_=record(gateway_=record(name_=STR), node_=record(ip_=IPV4))),
        record(nodeIP_=record(local=IPV4, remote=IPV4)),
        short=("in", "inode"),
        cluster_wide=True,
    ),
    Definition(
        "InternalFabric",
        "internalfabrics",
        record(
            gatewayIP_=IPV4,
            interface_=record(gateway_=record(ip_=IPV4), node_=record(name_=STR)),
            mtu=INT,
            remoteCIDRs=array(CIDR),
        ),
        short=("if", "ifabric"),
        has_status=False,
    ),
    Definition(
        "GeneveTunnel",
        "genevetunnels",
        record(id_=INT, internalFabricRef_=OBJECT_REF, internalNodeRef_=OBJECT_REF),
        short=("gvtn",),
        has_status=False,
    ),
    Definition(
        "FirewallConfiguration",
        "firewallconfigurations",
        record(
            table_=record(
                chains=array(
                    record(
                        hook_=choice("prerouting", "input", "forward", "output", "postrouting", "ingress"),
                        name_=STR,
                        policy_=choice("drop", "accept"),
                        priority_=INT | {"default": 0},
                        rules_=record(filterRules=FREE_LIST, natRules=FREE_LIST, routeRules=FREE_LIST),
                        type_=choice("filter", "route", "nat"),
                    )
                ),
                family_=choice("INET", "IPV4", "IPV6", "ARP", "NETDEV", "BRIDGE"),
                name_=STR,
            )
        ),
        record(conditions=array(HOST_CONDITION)),
        short=("fw", "fwconfig", "fwcfg"),
    ),
    Definition(
        "RouteConfiguration",
        "routeconfigurations",
        record(
            table=record(
                name_=STR,
                rules_=array(
                    record(
                        dst=CIDR,
                        fwmark=INT,
                        iif=STR,
                        oif=STR,
                        priority=INT,
                        routes_=FREE_LIST,
                        src=CIDR,
                        targetRef=OBJECT_REF,
                    )
                ),
                targetRef=OBJECT_REF,
            )
        ),
        record(conditions=array(HOST_CONDITION)),
        short=("rcnf", "rcnfg", "rcfg", "routecfg"),
    ),
)
