"""What actions on peerings do to the model world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.planning.actions import (
    AcquireResources,
    Authenticate,
    ConnectNetworks,
    DisconnectNetworks,
    ProbeTraffic,
    ReleaseResources,
    RemoveProbe,
    RevokeAuthentication,
)
from federation.spec.digests import probe_digest
from federation.spec.peering import PeeringKey

if TYPE_CHECKING:
    from tests.properties.world import World


def _has_liqo(world: World, *names: str) -> bool:
    return all("liqo" in world.cluster(name).addons for name in names)


def connect(world: World, action: ConnectNetworks) -> None:
    """A tunnel, on which both ends agree."""
    world.need(_has_liqo(world, action.first, action.second), "no liqo")
    world.tunnels.add((action.first, action.second))
    world.marked |= {key for key in world.desired.directions if key.pair == (action.first, action.second)}


def disconnect(world: World, action: DisconnectNetworks) -> None:
    """No tunnel any more."""
    pair = (action.first, action.second)
    world.need(all(key.pair != pair for key in world.authenticated | world.acquired), "a direction uses it")
    world.tunnels.discard(pair)


def authenticate(world: World, action: Authenticate) -> None:
    """The provider knows the consumer."""
    world.need(_has_liqo(world, *action.key.pair), "no liqo")
    in_band = world.desired.directions[action.key].control_plane == "in-band"
    world.need(not in_band or action.key.pair in world.tunnels, "no tunnel to reach the provider through")
    world.need(not _remains_of(world, action.key), "remains of an earlier peering are in the way")
    world.authenticated.add(action.key)
    world.marked.add(action.key)


def acquire(world: World, action: AcquireResources) -> None:
    """The consumer has a virtual node."""
    world.need(action.key in world.authenticated and action.key.pair in world.tunnels, "not authenticated or connected")
    world.acquired.add(action.key)


def probe(world: World, action: ProbeTraffic) -> None:
    """Pods try whether traffic flows."""
    world.need(action.key in world.acquired and action.key.pair in world.tunnels, "no virtual node to probe")
    world.probed[action.key] = probe_digest(world.desired.name, action.key, world.desired.directions[action.key])


def remove_probe(world: World, action: RemoveProbe) -> None:
    """Nobody tries any more."""
    world.probed.pop(action.key, None)


def release(world: World, action: ReleaseResources) -> None:
    """Probe and virtual node go."""
    here = world.cluster(action.key.consumer).applications
    used = any(action.key.provider in world.offloaded.get((action.key.consumer, name), set()) for name in here)
    used = used and not any(name in world.silent_s for name in action.key.pair) and not _remains_of(world, action.key)
    world.need(not used, "an application is still offloaded there")
    world.probed.pop(action.key, None)
    world.acquired.discard(action.key)


def _remains_of(world: World, key: PeeringKey) -> set[tuple[str, PeeringKey]]:
    return {(end, each) for end, each in world.remains if each == key}


def revoke(world: World, action: RevokeAuthentication) -> None:
    """The provider forgets; an end that is away keeps what it has."""
    away = {name for name in action.key.pair if name in world.silent_s}
    world.need(away <= action.forsaken, "it would wait for a silent peer")
    world.need(action.key not in world.acquired or away, "resources are still lent")
    world.remains -= _remains_of(world, action.key)
    world.remains |= {(name, action.key) for name in away}
    world.acquired.discard(action.key)
    world.authenticated.discard(action.key)
    world.marked.discard(action.key)
