"""The kinds that MetalLB adds to a cluster, written down from its documentation."""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.controllers.crd import BOOL, FREE, FREE_LIST, INT, STR, Definition, array, mapping, record

RULE = record(key_=STR, operator_=STR, values=array(STR))
SELECTOR = record(matchExpressions=array(RULE), matchLabels=mapping(STR))
SELECTORS = array(SELECTOR)
COUNT = INT | {"format": "int64"}
ON_NODE = {"node": STR, "serviceName": STR, "serviceNamespace": STR}

KINDS = (
    Definition(
        "IPAddressPool",
        "ipaddresspools",
        record(
            addresses_=array(STR),
            autoAssign=BOOL | {"default": True},
            avoidBuggyIPs=BOOL | {"default": False},
            serviceAllocation=record(
                namespaceSelectors=SELECTORS, namespaces=array(STR), priority=INT, serviceSelectors=SELECTORS
            ),
        ),
        record(assignedIPv4_=COUNT, assignedIPv6_=COUNT, availableIPv4_=COUNT, availableIPv6_=COUNT),
        needs_spec=True,
        columns=("Auto-Assign .spec.autoAssign boolean", "Addresses .spec.addresses"),
    ),
    Definition(
        "L2Advertisement",
        "l2advertisements",
        record(
            interfaces=array(STR),
            ipAddressPoolSelectors=SELECTORS,
            ipAddressPools=array(STR),
            nodeSelectors=SELECTORS,
            preferredNodeSelectors=array(record(preference_=SELECTOR, weight_=INT | {"minimum": 1, "maximum": 100})),
            serviceSelectors=SELECTORS,
        ),
        {"type": "object"},
        columns=("IPAddressPools .spec.ipAddressPools",),
    ),
    Definition(
        "BGPAdvertisement",
        "bgpadvertisements",
        record(
            aggregationLength=INT | {"default": 32, "minimum": 1},
            aggregationLengthV6=INT | {"default": 128},
            communities=array(STR),
            ipAddressPoolSelectors=SELECTORS,
            ipAddressPools=array(STR),
            localPref=INT,
            nodeSelectors=SELECTORS,
            peers=array(STR),
            serviceSelectors=SELECTORS,
        ),
        {"type": "object"},
    ),
    Definition("BGPPeer", "bgppeers", FREE, {"type": "object"}),
    Definition("BFDProfile", "bfdprofiles", FREE, {"type": "object"}),
    Definition("Community", "communities", record(communities=FREE_LIST), {"type": "object"}),
    Definition("ServiceL2Status", "servicel2statuses", {"type": "object"}, record(**ON_NODE, interfaces=FREE_LIST)),
    Definition("ServiceBGPStatus", "servicebgpstatuses", {"type": "object"}, record(**ON_NODE, peers=array(STR))),
)
VERSIONS = {"BGPPeer": "v1beta2"}


def crds() -> list[dict[str, Any]]:
    """The CustomResourceDefinitions, ready to apply."""
    return [one.manifest("metallb.io", VERSIONS.get(one.kind, "v1beta1")) for one in KINDS]
