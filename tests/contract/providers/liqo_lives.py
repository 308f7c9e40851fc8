"""The life of a peering between clusters ``a`` and ``b``: its steps in the planner's order, and what is seen of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from clients.kubernetes.resources import NAMESPACE, NODE
from federation.spec.peering import Peering
from providers.contracts import Progress, Side
from providers.interconnect.liqo.kinds import (
    CONFIGURATION,
    FOREIGN_CLUSTER,
    GATEWAY_CLIENT,
    GATEWAY_SERVER,
    IDENTITY,
    PUBLIC_KEY,
    RESOURCE_SLICE,
    TENANT,
    VIRTUAL_NODE,
)
from providers.interconnect.liqo.provider import LiqoInterconnect
from tests.contract.providers.liqo_fleet import LiqoFleet
from tests.contract.providers.played_fleet import PlayedFleet

Fleet = LiqoFleet | PlayedFleet
LIQO = LiqoInterconnect()
BOTH = Peering(between=("a", "b"))
ONE_WAY = Peering(consumer="a", provider="b")
IN_BAND = Peering(consumer="a", provider="b", control_plane="in-band")
LEFT_BY_A_PEERING = (
    CONFIGURATION,
    FOREIGN_CLUSTER,
    GATEWAY_CLIENT,
    GATEWAY_SERVER,
    IDENTITY,
    PUBLIC_KEY,
    RESOURCE_SLICE,
    TENANT,
    VIRTUAL_NODE,
)


def joining(fleet: Fleet, peering: Peering) -> Iterator[Callable[[], Progress]]:
    """The steps that make a peering, in the order of the planner."""
    first, second = fleet.side("a"), fleet.side("b")
    yield lambda: LIQO.connect(first, second, peering)
    for key in peering.directions:
        consumer, provider = fleet.side(key.consumer), fleet.side(key.provider)
        yield partial(LIQO.authenticate, consumer, provider, peering)
        yield partial(LIQO.acquire, consumer, provider, peering)


def leaving(fleet: Fleet, peering: Peering) -> Iterator[Callable[[], Progress]]:
    """The steps that take a peering apart, in the order of the planner."""
    for key in peering.directions:
        consumer, provider, names = fleet.side(key.consumer), fleet.side(key.provider), (key.consumer, key.provider)
        yield partial(LIQO.release, consumer, provider, names)
        yield partial(LIQO.revoke, consumer, provider, names)
    yield lambda: LIQO.disconnect(fleet.side("a"), fleet.side("b"), ("a", "b"))


def join(fleet: Fleet, peering: Peering) -> None:
    for step in joining(fleet, peering):
        fleet.drive(step)


def leave(fleet: Fleet, peering: Peering) -> None:
    for step in leaving(fleet, peering):
        fleet.drive(step)


def seen(side: Side) -> dict[str, tuple[str, str, str]]:
    """What a cluster shows: three modules by direction."""
    return {str(each.key): (each.networking, each.authentication, each.offloading) for each in LIQO.observe(side)}


def remains(side: Side) -> list[str]:
    """Everything of a peering that is still in a cluster."""
    client = side.kubernetes
    objects = [f"{kind.kind}/{each['metadata']['name']}" for kind in LEFT_BY_A_PEERING for each in client.list(kind)]
    tenants = client.list(NAMESPACE, labels={"liqo.io/tenant-namespace": "true"})
    nodes = client.list(NODE, labels={"liqo.io/type": "virtual-node"})
    return objects + [each["metadata"]["name"] for each in (*tenants, *nodes)]


ESTABLISHED = ("established", "established", "established")
