"""Marks of ownership: how our objects are found again in clouds, on hosts and in clusters."""

from __future__ import annotations

MANAGER = "flotilla"
"""Field manager of server-side applies, and value of ``app.kubernetes.io/managed-by``."""

FEDERATION = "flotilla.dev/federation"
CLUSTER = "flotilla.dev/cluster"
PEER = "flotilla.dev/peer"
POOL = "flotilla.dev/pool"
ADDON = "flotilla.dev/addon"
APPLICATION = "flotilla.dev/application"
COMPONENT = "flotilla.dev/component"
OWNER = "flotilla.dev/owner"
DIGEST = "flotilla.dev/digest"

DRAINING = "flotilla.dev/draining"
"""On a node that is being taken out: no pods are let onto it because we said so, not because an operator did."""

HOST_NAMES = "flotilla.dev/host-names"
"""On a node: digest of the names and addresses of nodes that its machine was told."""

REGISTRIES = "flotilla.dev/registries"
"""On a node: digest of what its container runtime was told of registries."""

CONSUMER = "flotilla.dev/consumer"
"""On the namespace that a cluster keeps for a peer: this cluster uses, or is to use, the peer's resources."""

APPLIED = "flotilla.dev/applied"
"""The object as it was applied, JSON: what it is compared with when somebody may have changed it."""

PROBE = "flotilla.dev/probe"
"""On the namespace of a probe, whose ``PEER`` is the provider; on its pods, where it says which one it is."""

CLUSTERS = "flotilla.dev/clusters"
"""On an application's namespace: the other clusters that it is offloaded to, with commas between."""

PARTS = "flotilla.dev/parts"
"""On a component's workload: all its other objects as kind/name, with commas between."""

KINDS = "flotilla.dev/kinds"
"""On an application's namespace: the kinds of workloads that are or were in it, with commas between."""

REFUSED = "flotilla.dev/refused"
"""On a component's workload that went back to what ran: digest, reason and message of the update that failed, JSON."""

VOLUME = "flotilla.dev/volume"
"""On a claim: the volume of the component that it is for."""

RETAIN = "flotilla.dev/retain"
"""On a claim: it stays when its component or application goes. On a namespace: whose claims stay in it."""

WORKLOADS = "flotilla.dev/workloads"
"""On a component's Deployment: the names of all its Deployments, with commas between."""

OWNER_FILE = "/etc/flotilla/owner.json"
"""On bare hosts: who uses the host. Holds federation, cluster, role and pool as JSON."""


def federation_tag(federation: str) -> str:
    """Tag of every object of a federation in a cloud; at most 60 characters, as Neutron wants."""
    return f"flotilla.federation={federation}"


def cluster_tag(cluster: str) -> str:
    """Tag of every object of a cluster in a cloud."""
    return f"flotilla.cluster={cluster}"


def labels(federation: str, **more: str) -> dict[str, str]:
    """Labels of an object in Kubernetes; keyword names are ``cluster``, ``application`` and so on.

    Example:
        >>> labels("tacfed", application="streaming")["flotilla.dev/application"]
        'streaming'
    """
    own = {"app.kubernetes.io/managed-by": MANAGER, FEDERATION: federation}
    return own | {f"flotilla.dev/{key}": value for key, value in more.items()}


def cluster_id(federation: str, cluster: str) -> str:
    """Name that a cluster has among its peers, unique over federations; the interconnect is installed with it."""
    return f"{federation}-{cluster}"
