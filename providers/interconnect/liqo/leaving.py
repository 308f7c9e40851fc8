"""Taking a peering apart, in Liqo's order, on every cluster that answers.

Probe, slices, virtual node, identity, tenant, gateways, configuration, tenant namespace, foreign cluster. Deletion of a
slice or of a virtual node waits for the provider; when that is gone for good, Liqo is told first and waits no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clients.kubernetes.apply import ensure_gone
from clients.kubernetes.resources import NAMESPACE, NODE, POD, SECRET, Kind
from federation.spec.marks import CONSUMER, FEDERATION, cluster_id
from federation.spec.peering import PeeringKey
from providers.contracts import Done, Progress, Side, Waiting
from providers.interconnect.liqo.authentication import NONCE, SIGNED_NONCE
from providers.interconnect.liqo.kinds import (
    CONFIGURATION,
    FOREIGN_CLUSTER,
    GATEWAY_CLIENT,
    GATEWAY_SERVER,
    IDENTITY,
    NAMESPACE_MAP,
    ORIGIN_ID,
    PUBLIC_KEY,
    REMOTE_ID,
    REPLICATED,
    REPLICATION,
    RESOURCE_SLICE,
    TENANT,
    VIRTUAL_NODE,
    Object,
    dig,
)
from providers.interconnect.liqo.probing import remove_probe
from providers.interconnect.liqo.tenancy import End, find_end, find_namespace, mark_unreachable
from providers.lost_pods import let_go_of_lost
from providers.offloading import REMOTE_CLUSTER_ID

_NETWORKING = (GATEWAY_CLIENT, GATEWAY_SERVER, CONFIGURATION, PUBLIC_KEY)
_OF_DIRECTIONS = (IDENTITY, TENANT, RESOURCE_SLICE)


def release(consumer: Side, provider: Side | None, names: tuple[str, str]) -> Progress:
    """Remove the probe and give the resources back; done when slices, virtual nodes and nodes are gone.

    A provider that knows nothing of the consumer refuses what Liqo would ask of it: that is as good as no answer. The
    probe's namespace is then taken back from it only when the last virtual node is gone, and Liqo's map with it.
    """
    consumer_name, provider_name = names
    provider_answers = provider is not None and find_end(provider, consumer.cluster) is not None
    here = find_end(consumer, provider_name)
    if here is not None and not provider_answers:
        mark_unreachable(consumer, provider_name, unreachable=True)
    probed = remove_probe(consumer, PeeringKey(consumer_name, provider_name))
    if here is None or (provider_answers and isinstance(probed, Waiting)):
        return probed
    wanted = {REPLICATION: "true", REMOTE_ID: here.peer_id}
    if not _emptied(here, RESOURCE_SLICE, wanted):
        return Waiting(f"{consumer.cluster} is giving back the resources of {provider_name}")
    if not _emptied(here, VIRTUAL_NODE):
        if not provider_answers:
            _kill_pods(here)
        return Waiting(f"pods are leaving the virtual node for {provider_name} on {consumer.cluster}")
    if here.client.list(NODE, labels={REMOTE_CLUSTER_ID: here.peer_id}):
        return Waiting(f"the virtual node for {provider_name} is going from {consumer.cluster}")
    if isinstance(probed, Waiting):
        return probed
    return Done(f"{consumer.cluster} has given back the resources of {provider_name}")


def revoke(consumer: Side | None, provider: Side | None, names: tuple[str, str]) -> Progress:
    """Remove identity and tenant of one direction on every side that answers."""
    consumer_name, provider_name = names
    if consumer is not None:
        progress = _revoke_here(consumer, provider, names)
        if isinstance(progress, Waiting):
            return progress
    if provider is not None:
        progress = _revoke_there(provider, consumer_name)
        if isinstance(progress, Waiting):
            return progress
    return Done(f"{provider_name} no longer knows {consumer_name}")


def _revoke_here(consumer: Side, provider: Side | None, names: tuple[str, str]) -> Progress:
    provider_name = names[1]
    here = find_end(consumer, provider_name)
    if here is None:
        return Done()
    released = release(consumer, provider, names)
    if isinstance(released, Waiting):
        return released
    nonce_gone = ensure_gone(here.client, SECRET, SIGNED_NONCE, here.namespace)
    if not _emptied(here, IDENTITY) or not nonce_gone:
        return Waiting(f"the identity of {consumer.cluster} at {provider_name} is being removed")
    _unmark_consumer(here)
    return Done()


def _revoke_there(provider: Side, consumer_name: str) -> Progress:
    there = find_end(provider, consumer_name)
    if there is None:
        return Done()
    copies = {REPLICATED: "true", ORIGIN_ID: there.peer_id}
    remaining = [
        not _emptied(there, TENANT),
        not _emptied(there, RESOURCE_SLICE, copies),
        not _emptied(there, NAMESPACE_MAP, copies),
        not ensure_gone(there.client, SECRET, NONCE, there.namespace),
    ]
    if any(remaining):
        return Waiting(f"what {consumer_name} holds on {provider.cluster} is being removed")
    return Done()


def disconnect(first: Side | None, second: Side | None, names: tuple[str, str]) -> Progress:
    """Remove tunnel and tenant namespaces on every side that answers; a pair that is still in use keeps them."""
    sides = [(side, peer) for side, peer in ((first, names[1]), (second, names[0])) if side is not None]
    ends = [end for side, peer in sides if (end := find_end(side, peer)) is not None]
    if any(_is_used(end) for end in ends):
        return Done(f"the tunnel between {names[0]} and {names[1]} is kept: another direction uses it")
    both_answer = len(sides) == len(names)
    remaining = [reason for side, peer in sides for reason in _dismantled(side, peer, both_answer=both_answer)]
    return Waiting("; ".join(remaining)) if remaining else Done(f"{names[0]} and {names[1]} are strangers")


def _is_used(end: End) -> bool:
    return any(end.client.list(kind, end.namespace) for kind in _OF_DIRECTIONS)


def _dismantled(side: Side, peer: str, *, both_answer: bool) -> Iterator[str]:
    """Remove one end; yields what still has to go."""
    if not both_answer:
        mark_unreachable(side, peer, unreachable=True)
    end = find_end(side, peer)
    if end is not None:
        emptied = [_emptied(end, kind) for kind in _NETWORKING]
        if not all(emptied):
            yield f"the gateway to {peer} is being removed from {side.cluster}"
            return
        if not _namespace_gone(end):
            yield f"the namespace for {peer} is going from {side.cluster}"
            return
    if not ensure_gone(side.kubernetes, FOREIGN_CLUSTER, cluster_id(side.federation, peer)):
        yield f"Liqo of {side.cluster} is forgetting {peer}"


def _namespace_gone(end: End) -> bool:
    """Delete the tenant namespace when it carries our mark; one of others is left as it is."""
    namespace = find_namespace(end.side, end.peer)
    if dig(namespace, "metadata", "labels", FEDERATION) != end.side.federation:
        return True
    let_go_of_lost(end.client, end.namespace)
    return ensure_gone(end.client, NAMESPACE, end.namespace)


def _emptied(end: End, kind: Kind, labels: Mapping[str, str] | None = None) -> bool:
    """Ask for deletion of every object of a kind in the end's namespace; True when none is there any more."""
    found = end.client.list(kind, end.namespace, labels=labels)
    gone = [ensure_gone(end.client, kind, each["metadata"]["name"], end.namespace) for each in found]
    return all(gone)


def _kill_pods(here: End) -> None:
    """Delete the pods of the virtual node at once: nobody is left who could end them gently."""
    for pod in here.client.list(POD, fields={"spec.nodeName": here.peer_id}):
        meta: Object = pod["metadata"]
        here.client.delete(POD, meta["name"], meta["namespace"], uid=meta["uid"], grace_s=0)


def _unmark_consumer(here: End) -> None:
    namespace = here.client.get(NAMESPACE, here.namespace)
    if dig(namespace, "metadata", "labels", CONSUMER) is not None:
        here.client.merge_patch(NAMESPACE, here.namespace, {"metadata": {"labels": {CONSUMER: None}}})
