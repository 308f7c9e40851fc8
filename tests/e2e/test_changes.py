"""Changes of a spec: whatever is there, the federation becomes what is asked for, and then nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from federation.spec.federation import Federation
from federation.state.drawing import MAPS
from federation.state.status import FederationStatus
from tests.stage.specs import a_component, a_small_cluster, a_small_federation

NAME = "change"
LINKED = ("metallb", "liqo")
BROKER = {"ports": [{"port": 8090, "expose": "peered"}]}


def a_base(**other: Any) -> Federation:
    """Two peered clusters with an application over both, and a third cluster by itself."""
    parts = {
        "clusters": [a_small_cluster("a", addons=LINKED), a_small_cluster("b", addons=LINKED), a_small_cluster("c")],
        "peerings": [{"between": ["a", "b"], "type": "liqo"}],
        "applications": [an_application(a_component("producer", "a"), a_component("broker", "b", **BROKER))],
    }
    parts |= other
    return a_small_federation(NAME, *parts.pop("clusters"), **parts)


def an_application(*components: dict[str, Any]) -> dict[str, Any]:
    """The application with other components."""
    return {"name": "streaming", "owner": "tno", "components": list(components)}


def with_third(**of_c: Any) -> Federation:
    """The base with another third cluster."""
    linked = [a_small_cluster(name, addons=LINKED) for name in "ab"]
    return a_base(clusters=[*linked, a_small_cluster("c", **of_c)])


CHANGES = {
    "add-component": a_base(
        applications=[an_application(*(a_component(n, c) for n, c in (("producer", "a"), ("broker", "b"), ("v", "b"))))]
    ),
    "move-component": a_base(applications=[an_application(a_component("producer", "b"), a_component("broker", "b"))]),
    "drop-component": a_base(applications=[an_application(a_component("broker", "b", **BROKER))]),
    "drop-peering": a_base(
        peerings=[], applications=[an_application(a_component("producer", "a"), a_component("broker", "a"))]
    ),
    "change-home": a_base(
        peerings=[{"consumer": "b", "provider": "a"}],
        applications=[an_application(a_component("producer", "a"), a_component("broker", "b", **BROKER))],
    ),
    "spread": a_base(
        applications=[
            an_application(
                a_component("producer", "a"),
                a_component("broker", "b", **BROKER, replicas=2) | {"placement": {"clusters": ["a", "b"]}},
            )
        ]
    ),
    "scale-up": with_third(workers=2),
    "scale-down": with_third(workers=1),
    "add-addon": with_third(addons=("metallb", "ingress-nginx")),
    "drop-cluster": a_base(clusters=[a_small_cluster(name, addons=LINKED) for name in "ab"]),
    "back-to-base": a_base(),
}


def where_pods_are(status: FederationStatus) -> dict[str, set[str]]:
    """By component, the clusters that ready pods were seen on, and that no pods of it were seen elsewhere."""
    found = {}
    for application in (part for part in status.root.parts if part.kind == "Application"):
        for component in application.parts:
            assert all(tally.ready == tally.pods for tally in component.running.values())
            found[component.name] = set(component.running)
    return found


def wanted(spec: Federation) -> dict[str, set[str]]:
    """By component, the clusters that the spec names."""
    return {each.name: set(each.placement.named) for app in spec.spec.applications for each in app.components}


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_made_and_then_nothing_is_written(inside, change):
    """Each change converges from what the one before left, and a second apply is silent."""
    spec = CHANGES[change]
    inside.ready(spec)
    workers = next((pool.count for cluster in spec.spec.clusters for pool in cluster.workers), 0)
    machines = [each.name for each in spec.spec.clusters]
    assert len(inside.stage.machines(f"{NAME}-")) == len(machines) + workers
    assert where_pods_are(inside.status(NAME)) == wanted(spec)
    assert MAPS["mermaid"](inside.status(NAME)) in inside.artifacts(f"{NAME}-map")[0]
    inside.silent(spec)


def test_everything_of_it_can_be_removed(inside):
    """After all changes nothing is left of any of them."""
    inside.ready(a_base(peerings=[], applications=[]))
    inside.gone(NAME)
    assert inside.stage.machines(f"{NAME}-") == []
