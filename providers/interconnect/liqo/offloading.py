"""Resources of a provider as a virtual node of the consumer."""

from __future__ import annotations

from clients.kubernetes.api import Object as Manifest
from clients.kubernetes.apply import applied, ensure_gone
from clients.kubernetes.resources import NODE
from federation.errors import Rejected
from providers.contracts import Done, Progress, Side, Waiting
from providers.interconnect.liqo.authentication import identity_name
from providers.interconnect.liqo.kinds import (
    IDENTITY,
    REMOTE_ID,
    REPLICATION,
    RESOURCE_SLICE,
    VIRTUAL_NODE,
    Object,
    condition_of,
    dig,
)
from providers.interconnect.liqo.tenancy import End, find_end

_GRANTS = ("Authentication", "Resources")


def acquire(consumer: Side, provider: Side) -> Progress:
    """Do what is missing until the consumer has a ready virtual node for the provider.

    Raises:
        Rejected: The provider denied the resources.
    """
    here = find_end(consumer, provider.cluster)
    identity = here.client.get(IDENTITY, identity_name(here.peer_id), here.namespace) if here else None
    if here is None or identity is None:
        return Waiting(f"{consumer.cluster} has no identity at {provider.cluster} yet")
    slice_name = here.peer_id
    live = here.client.get(RESOURCE_SLICE, slice_name, here.namespace)
    if live is not None and is_of_earlier_provider(live, identity):
        ensure_gone(here.client, RESOURCE_SLICE, slice_name, here.namespace)
        return Waiting(f"the resources of an earlier {provider.cluster} are still being given back")
    live, _ = applied(here.client, render_resource_slice(here))
    denied = denial(live)
    if denied:
        raise Rejected(f"{provider.cluster} denied its resources to {consumer.cluster}: {denied}")
    if not is_granted(live):
        return Waiting(f"{provider.cluster} has not granted its resources yet")
    if here.client.get(VIRTUAL_NODE, slice_name, here.namespace) is None:
        return Waiting(f"{consumer.cluster} has not made a virtual node for {provider.cluster} yet")
    node = here.client.get(NODE, slice_name)
    if node is None or condition_of(node, "Ready").get("status") != "True":
        return Waiting(f"the virtual node for {provider.cluster} is not ready yet")
    return Done(f"node {slice_name} is ready")


def render_resource_slice(here: End) -> Manifest:
    """The consumer's request for resources; what it leaves open, the provider decides."""
    more = {REPLICATION: "true", REMOTE_ID: here.peer_id}
    annotations = {"liqo.io/create-virtual-node": "true"}
    return {
        "apiVersion": RESOURCE_SLICE.api_version,
        "kind": RESOURCE_SLICE.kind,
        "metadata": {**here.meta(here.peer_id, **more), "annotations": annotations},
        "spec": {"class": "default", "providerClusterID": here.peer_id},
    }


def is_granted(resource_slice: Object) -> bool:
    """Whether the provider granted identity and resources."""
    return all(condition_of(resource_slice, kind).get("status") == "Accepted" for kind in _GRANTS)


def denial(resource_slice: Object) -> str:
    """Why the provider denied; empty when it did not."""
    denied = (condition_of(resource_slice, kind) for kind in _GRANTS)
    return ", ".join(
        str(each.get("message") or each.get("reason") or each["type"])
        for each in denied
        if each.get("status") == "Denied"
    )


def is_of_earlier_provider(resource_slice: Object, identity: Object) -> bool:
    """Whether a slice was granted by a cluster with another CA than the identity's: the provider was made anew."""
    granted = dig(resource_slice, "status", "authParams", "ca")
    current = dig(identity, "spec", "authParams", "ca")
    return bool(granted and current and granted != current)
