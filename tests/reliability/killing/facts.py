"""What is there after a run, told by the world itself, and what has to hold of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from sandbox.witness import leftovers
from tests.reliability.killing.scene import Scene

_OF_THE_CLOUD = {
    "networks": "network",
    "subnets": "subnet",
    "routers": "router",
    "security_groups": "security_group",
    "ports": "port",
    "floatingips": "floating_ip",
    "servers": "server",
    "keypairs": "keypair",
}
_NUMBERED = (
    "events", "endpointslices", "pods", "replicasets", "controllerrevisions", "leases", "shadowpods",
    "shadowendpointslices",
)  # fmt: skip
"""Resources whose names are drawn anew each time, or counted up."""
_DRAWN = re.compile(r"^sh\.helm\.release\.v1\.|-token-")


def things(scene: Scene) -> Counter[str]:
    """Everything that exists, by kind and name: in the cloud and in the clusters."""
    found = Counter(f"{kind} {row.get('name', '')}" for kind, row in _rows(scene))
    for site in scene.universe.world.sites.values():
        store = site.cluster.engine.store
        found.update(f"cluster {site.name}: node {name}" for (_, name), _body in store.bodies("nodes"))
        for resource in store.resources():
            names = [key for key, _ in store.bodies(resource) if not _DRAWN.search(key[1])]
            if resource.partition(".")[0] not in _NUMBERED:
                found.update(f"{site.plan.pod_cidr}: {resource} {'/'.join(key)}" for key in names)
    return found


def _rows(scene: Scene) -> Iterator[tuple[str, dict[str, str]]]:
    for plural, rows in scene.universe.cloud.leftovers().items():
        for row in rows:
            yield _OF_THE_CLOUD.get(plural, plural), row


def differences(expected: Counter[str], found: Counter[str]) -> list[str]:
    """What is there too often or too rarely."""
    names = sorted({*expected, *found})
    return [f"{found[n]} of {n}, not {expected[n]}" for n in names if found[n] != expected[n]]


def doubles(found: Counter[str]) -> list[str]:
    """Named things that are there more than once."""
    return [f"{n} times {name}" for name, n in sorted(found.items()) if n > 1 and not name.endswith(" ")]


def unledgered(scene: Scene) -> list[str]:
    """Where ledger and reality do not agree. Ports without a name are the cloud's own: of routers and of DHCP."""
    with scene.registry() as registry:
        entries = registry.ledger.open_entries(scene.federation)
    there = Counter((kind, row["id"]) for kind, row in _rows(scene) if kind != "port" or row.get("name"))
    written = Counter((each.kind, each.object_id or each.name) for each in entries)
    apart = sorted({*(there - written), *(written - there)})
    return [f"ledger and cloud disagree on {kind} {name}" for kind, name in apart]


def unwritten(scene: Scene) -> list[str]:
    """What is in the cloud without a word in the ledger.

    An intent without an id yet, or with the id of what is gone, may stand for one of its kind.
    """
    with scene.registry() as registry:
        entries = registry.ledger.open_entries(scene.federation)
    there = {(kind, row["id"]) for kind, row in _rows(scene) if kind != "port" or row.get("name")}
    written = {(each.kind, each.object_id) for each in entries}
    intended = Counter(each.kind for each in entries if (each.kind, each.object_id) not in there)
    unknown = Counter(kind for kind, _ in there - written)
    return [f"{number} of kind {kind} are not in the ledger" for kind, number in sorted((unknown - intended).items())]


async def left(scene: Scene) -> list[str]:
    """What is left after a teardown: in the world by its witness, in the ledger, and among the blocks."""
    with scene.registry() as registry:
        entries = [f"ledger: {each.kind} {each.name}" for each in registry.ledger.open_entries(scene.federation)]
        current = registry.generations.current(scene.federation)
    world = [f"{kind}: {rows}" for kind, rows in leftovers(scene.universe)["left"].items()]
    blocks = [f"block {name}" for name in await scene.blocks()]
    return [*world, *entries, *blocks, *(["the federation is not retired"] if current else [])]
