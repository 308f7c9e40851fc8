"""The narrowed flows: each does its own part of the plan and touches nothing else."""

from __future__ import annotations

from flows.apply import store
from flows.narrowed import bootstrap_cluster, install_addons, offload_application, peer_clusters
from tests.stage.specs import a_component, a_small_cluster, a_small_federation
from tests.stage.stage import run

LINKED = ("metallb", "liqo")


def test_federation_is_built_flow_by_flow(inside):
    """Clusters, add-ons, a peering and an application, each by its own flow; then an apply finds nothing to do."""
    spec = a_small_federation(
        "steps",
        a_small_cluster("a", addons=LINKED),
        a_small_cluster("b", addons=LINKED),
        peerings=[{"consumer": "a", "provider": "b", "type": "liqo"}],
        applications=[{"name": "tv", "components": [a_component("source", "a"), a_component("viewer", "b")]}],
    )
    store(spec, applied_by="test")
    _did(inside, bootstrap_cluster("steps", "a", return_state=True))
    assert inside.stage.machines("steps-") == ["steps-a-cp-0"]
    assert _applied(inside, "liqo") == []

    _did(inside, bootstrap_cluster("steps", "b", return_state=True))
    assert inside.stage.machines("steps-") == ["steps-a-cp-0", "steps-b-cp-0"]

    _did(inside, install_addons("steps", "a", return_state=True))
    assert _applied(inside, "liqo") == ["a"]
    _did(inside, install_addons("steps", return_state=True))
    assert inside.stage.machines("steps-") == ["steps-a-cp-0", "steps-b-cp-0"]
    assert _wires(inside) <= {"kubernetes", "charts"}

    _did(inside, peer_clusters("steps", "a", "b", return_state=True))
    assert inside.condition("steps", "Peering/a->b/Ready").status == "True", inside.bad("steps")
    assert inside.condition("steps", "Component/source/Available").status == "False"
    assert _wires(inside) == {"kubernetes"}

    _did(inside, offload_application("steps", "tv", return_state=True))
    assert inside.condition("steps", "Application/tv/Available").status == "True", inside.bad("steps")
    assert _wires(inside) == {"kubernetes"}
    inside.silent(spec)
    inside.gone("steps")


def _did(inside, flow_run) -> None:
    inside.stage.quiet()
    state = run(flow_run)
    assert state.is_completed(), state.message
    assert inside.stage.changes() != []


def _wires(inside) -> set[str]:
    return {line.partition("/")[0] for line in inside.stage.changes()}


def _applied(inside, addon: str) -> list[str]:
    """Clusters in whose status an add-on is installed."""
    clusters = [part for part in inside.status("steps").root.parts if part.kind == "Cluster"]
    return [each.name for each in clusters if each.condition("AddOnsReady").status == "True"]
