"""What one cluster shows of its peerings, from leaf objects, without any memory of having made them.

A tenant namespace is the first object of a peering and the last one to go, so nothing is looked at when there is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from clients.kubernetes.resources import NAMESPACE, NODE, Kind
from federation.spec.marks import CONSUMER, FEDERATION, PEER, PROBE, cluster_id
from federation.spec.peering import PeeringKey
from federation.state.observed import ObservedDirection, ObservedTraffic
from providers.contracts import Side
from providers.interconnect.liqo.authentication import identity_name
from providers.interconnect.liqo.kinds import (
    CONNECTION,
    FOREIGN_CLUSTER,
    IDENTITY,
    REPLICATED,
    RESOURCE_SLICE,
    TENANT,
    TENANT_NAMESPACE,
    Object,
    condition_of,
    dig,
)
from providers.interconnect.liqo.offloading import denial, is_granted
from providers.interconnect.liqo.traffic import read_traffic
from providers.offloading import NODE_TYPE, REMOTE_CLUSTER_ID, VIRTUAL

State = Literal["established", "pending", "error", "absent"]
_IN_NAMESPACES = (CONNECTION, IDENTITY, TENANT, RESOURCE_SLICE)


@dataclass(frozen=True)
class _Verdict:
    """State of one module, and in words why it is not established."""

    state: State
    message: str = ""


@dataclass(frozen=True)
class _Peer:
    """Everything that a cluster holds about one peer."""

    own: str
    name: str
    id: str
    consumer: bool
    objects: Mapping[Kind, list[Object]]
    foreign_cluster: Object | None
    node: Object | None

    def slices(self, *, replicated: bool) -> list[Object]:
        """Resource slices: our own requests, or the copies of the peer's."""
        return [
            each
            for each in self.objects[RESOURCE_SLICE]
            if (dig(each, "metadata", "labels", REPLICATED) == "true") == replicated
        ]


def observe(side: Side) -> tuple[ObservedDirection, ...]:
    """Every direction that this cluster shows: as consumer, and as provider of what its peers consume.

    One list request when there is no peering, seven when there are some, however many; with probes one more, and one
    for each of them. A probe that lost its peering shows a direction, too, so that it is removed.
    """
    namespaces = side.kubernetes.list(NAMESPACE, labels={FEDERATION: side.federation})
    traffic = read_traffic(side, [each for each in namespaces if PROBE in each["metadata"]["labels"]])
    tenants = [each for each in namespaces if each["metadata"]["labels"].get(TENANT_NAMESPACE) == "true"]
    shown = [direction for peer in _peers(side, tenants) for direction in _directions(peer)]
    probed = {PeeringKey(side.cluster, provider) for provider in traffic}
    alone = probed - {direction.key for direction in shown}
    shown += [ObservedDirection(key, "absent", "absent", "absent") for key in sorted(alone)]
    return tuple(_with_traffic(direction, side.cluster, traffic) for direction in shown)


def _with_traffic(direction: ObservedDirection, own: str, traffic: Mapping[str, ObservedTraffic]) -> ObservedDirection:
    found = traffic.get(direction.key.provider) if direction.key.consumer == own else None
    return replace(direction, traffic=found) if found else direction


def _peers(side: Side, namespaces: list[dict[str, Any]]) -> Iterator[_Peer]:
    client = side.kubernetes
    if not namespaces:
        return
    objects = {kind: _by_namespace(client.list(kind)) for kind in _IN_NAMESPACES}
    nodes = {
        dig(node, "metadata", "labels", REMOTE_CLUSTER_ID): node
        for node in client.list(NODE, labels={NODE_TYPE: VIRTUAL})
    }
    foreign = {dig(each, "spec", "clusterID"): each for each in client.list(FOREIGN_CLUSTER)}
    for namespace in namespaces:
        name, labels = namespace["metadata"]["name"], namespace["metadata"]["labels"]
        peer_id = cluster_id(side.federation, labels.get(PEER, ""))
        yield _Peer(
            own=side.cluster,
            name=labels.get(PEER, ""),
            id=peer_id,
            consumer=labels.get(CONSUMER) == "true",
            objects={kind: grouped[name] for kind, grouped in objects.items()},
            foreign_cluster=foreign.get(peer_id),
            node=nodes.get(peer_id),
        )


def _by_namespace(objects: list[dict[str, object]]) -> defaultdict[str, list[Object]]:
    grouped: defaultdict[str, list[Object]] = defaultdict(list)
    for obj in objects:
        grouped[dig(obj, "metadata", "namespace")].append(obj)
    return grouped


def _directions(peer: _Peer) -> Iterator[ObservedDirection]:
    """As consumer when marked so; as provider when there is a tenant, or when nothing tells what it is for."""
    network = _networking(peer)
    if peer.consumer:
        verdicts = network, _authentication(peer), _offloading(peer)
        yield _direction(PeeringKey(peer.own, peer.name), verdicts)
    lent = peer.slices(replicated=True)
    if peer.objects[TENANT] or lent or not peer.consumer:
        verdicts = network, _tenant(peer), _Verdict("established" if lent else "absent")
        yield _direction(PeeringKey(peer.name, peer.own), verdicts)


def _direction(key: PeeringKey, verdicts: tuple[_Verdict, _Verdict, _Verdict]) -> ObservedDirection:
    message = ", ".join(sorted({each.message for each in verdicts if each.message}))
    networking, authentication, offloading = (each.state for each in verdicts)
    return ObservedDirection(key, networking, authentication, offloading, message)


def _networking(peer: _Peer) -> _Verdict:
    connections = peer.objects[CONNECTION]
    if len(connections) > 1:
        return _Verdict("error", f"{peer.own} has several tunnels to {peer.name}")
    value = dig(connections[0], "status", "value") if connections else None
    if value == "Connected":
        return _Verdict("established")
    if value == "Error":
        return _Verdict("error", f"the tunnel between {peer.own} and {peer.name} is down")
    return _Verdict("pending", f"the tunnel between {peer.own} and {peer.name} is not up yet")


def _authentication(peer: _Peer) -> _Verdict:
    identity = next(
        (each for each in peer.objects[IDENTITY] if dig(each, "metadata", "name") == identity_name(peer.id)), None
    )
    if identity is None:
        return _Verdict("absent")
    if not dig(identity, "status", "kubeconfigSecretRef", "name"):
        return _Verdict("pending", f"{peer.own} has not taken in its identity at {peer.name} yet")
    if peer.foreign_cluster and condition_of(peer.foreign_cluster, "APIServerStatus").get("status") == "Error":
        return _Verdict("error", f"{peer.own} does not reach the API of {peer.name} with its identity")
    return _Verdict("established")


def _tenant(peer: _Peer) -> _Verdict:
    tenants = peer.objects[TENANT]
    if not tenants:
        return _Verdict("absent")
    return _Verdict("established" if dig(tenants[0], "status", "authParams") else "pending")


def _offloading(peer: _Peer) -> _Verdict:
    slices = peer.slices(replicated=False)
    if not slices:
        return _Verdict("absent")
    if denial(slices[0]):
        return _Verdict("error", f"{peer.name} denied its resources: {denial(slices[0])}")
    if not is_granted(slices[0]) or peer.node is None:
        return _Verdict("pending", f"{peer.own} has no virtual node for {peer.name} yet")
    ready = condition_of(peer.node, "Ready")
    if ready.get("status") == "True":
        return _Verdict("established")
    return _Verdict("error", f"the virtual node for {peer.name} is not ready")
