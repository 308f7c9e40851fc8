"""The life that is cut off: two peered clusters with an application; built, changed, healed, removed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from federation.spec.federation import Federation
from tests.reliability.killing.runs import Verb
from tests.stage.specs import a_component, a_small_cluster, a_small_federation

if TYPE_CHECKING:
    from tests.reliability.killing.scene import Scene

NAME = "life"
_PORTS = {"ports": [{"port": 8090, "expose": "peered"}]}


def _federation(version: str, workers: int, *components: dict[str, object]) -> Federation:
    k3s = {"type": "k3s", "version": version}
    return a_small_federation(
        NAME,
        a_small_cluster("a", workers=workers, addons=("metallb", "liqo"), distribution=k3s),
        a_small_cluster("b", addons=("metallb", "liqo")),
        peerings=[{"between": ["a", "b"], "type": "liqo"}],
        applications=[{"name": "app", "components": list(components)}],
    )


FIRST = _federation("v1.35.6+k3s1", 1, a_component("front", "a"), a_component("back", "b", **_PORTS))
SECOND = _federation("v1.36.4+k3s1", 2, a_component("front", "b"), a_component("store", "b", **_PORTS))
"""A new version and one more machine; a component moves, one goes, one comes."""
BACK = _federation("v1.36.4+k3s1", 1, a_component("front", "a"), a_component("back", "b", **_PORTS))
"""The first one again, in the new version."""
LOST = f"{NAME}-a-default-0"


async def _lose_a_machine(scene: Scene) -> None:
    await scene.destroy_machine(LOST)


async def _nothing(_scene: Scene) -> None:
    return


@dataclass(frozen=True)
class Phase:
    """A part of the life: what befalls the world first, and the flow that follows."""

    name: str
    verb: Verb
    spec: Federation
    prelude: Callable[[Scene], Awaitable[None]] = _nothing


PHASES = (
    Phase("build", "apply", FIRST),
    Phase("change", "apply", SECOND),
    Phase("heal", "reconcile", SECOND, _lose_a_machine),
    Phase("remove", "teardown", SECOND),
)
