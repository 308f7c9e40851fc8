"""What Docker shows of a cluster, and how it differs from what is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clients.kind.containers import Container
from federation.spec.machines import CONTROL_PLANE_POOL
from federation.state.observed import MachineState, ObservedMachine, ObservedNode, Reported
from providers.infrastructure.kind.place import Place

BALANCER = "external-load-balancer"
"""Role of the container before several control-plane nodes: the only one that kind mounts nothing into."""
_STATES: Mapping[str, MachineState] = {"running": "running", "removing": "deleting", "dead": "failed"}


@dataclass(frozen=True)
class Shown:
    """Containers of kind's cluster of our name.

    Attributes:
        nodes: Those with our mark, by pool.
        balancer: The one that carries no mark by its nature.
        foreign: Nodes without our mark: somebody else's cluster has that name.
        made: Whether kind has made it to its end for us; None when we never began it.
    """

    nodes: tuple[tuple[str, Container], ...] = ()
    balancer: Container | None = None
    foreign: tuple[Container, ...] = ()
    made: bool | None = None

    @property
    def is_ours(self) -> bool:
        """Whether anything is ours.

        A balancer alone is when we have begun a cluster: kind makes one only where no container of that name is.
        """
        return not self.foreign and (bool(self.nodes) or (self.balancer is not None and self.made is not None))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all."""
        return not (self.nodes or self.balancer or self.foreign)

    @property
    def containers(self) -> tuple[Container, ...]:
        """Nodes, and the balancer."""
        return (*(container for _, container in self.nodes), *([self.balancer] if self.balancer else []))

    @property
    def stopped(self) -> tuple[str, ...]:
        """Names of our containers that do not run."""
        return tuple(each.name for each in self.containers if not each.running)


def shown(place: Place, containers: tuple[Container, ...], made: bool | None = None) -> Shown:
    """Containers sorted by whose they are."""
    marked = [(place.pool_of(each.mounts), each) for each in containers if each.role != BALANCER]
    return Shown(
        nodes=tuple((pool, each) for pool, each in marked if pool is not None),
        balancer=next((each for each in containers if each.role == BALANCER), None),
        foreign=tuple(each for pool, each in marked if pool is None),
        made=made,
    )


def differences(seen: Shown, place: Place) -> Iterator[str]:
    """What of a cluster that was made is not as asked for, each in a few words."""
    there = Counter(pool for pool, _ in seen.nodes)
    for pool, count in place.pools.items():
        called = "the control plane" if pool == CONTROL_PLANE_POOL else f"pool {pool}"
        if there[pool] != count:
            yield f"{called} has {there[pool]} of {count} nodes"
    for pool in sorted(there.keys() - place.pools.keys()):
        yield f"pool {pool} is there"
    for image in sorted({container.image for _, container in seen.nodes} - {place.image}):
        yield f"nodes are of image {image}"
    if place.cluster.control_plane.count > 1 and seen.balancer is None:
        yield "its load balancer is gone"


def unsettled(seen: Shown, nodes: Mapping[str, ObservedNode] | None) -> str:
    """What is still on its way; empty when every node is ready, as far as its API could be asked."""
    if seen.stopped:
        return f"stopped: {', '.join(seen.stopped)}"
    names = [container.name for _, container in seen.nodes]
    late = [name for name in names if nodes is not None and not (name in nodes and nodes[name].ready)]
    return f"node {', '.join(late)} to be ready" if late else ""


def machines(seen: Shown, nodes: Mapping[str, ObservedNode] | None) -> Iterator[ObservedMachine]:
    """Containers as machines."""
    for pool, container in seen.nodes:
        node = (nodes or {}).get(container.name)
        told = [_runs(container)]
        if nodes is not None:
            told.append(_ready(node))
        yield ObservedMachine(
            name=container.name,
            id=container.id,
            role="control-plane" if pool == CONTROL_PLANE_POOL else "worker",
            pool=pool,
            state=_STATES.get(container.state, "stopped"),
            private_address=container.address or None,
            reported=tuple(told),
            version=node.version if node else "",
        )


def _runs(container: Container) -> Reported:
    if container.running:
        return Reported("InfrastructureReady", "True", "AsDesired")
    message = f"the container is {container.state}; the next run starts it"
    return Reported("InfrastructureReady", "False", reason="ContainerStopped", message=message)


def _ready(node: ObservedNode | None) -> Reported:
    if node is None:
        return Reported("NodeReady", "False", reason="NotYetMade", message="its cluster has no such node")
    if node.ready:
        return Reported("NodeReady", "True", "AsDesired")
    return Reported("NodeReady", "False", reason="NodeNotReady", message=node.message)
