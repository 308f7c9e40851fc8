"""Components over several clusters."""

from __future__ import annotations

import pytest

from federation.spec.application import Component
from federation.spec.shares import shares_of


def component(replicas: int, **placement: object) -> Component:
    return Component.model_validate({"name": "web", "image": "x", "replicas": replicas, "placement": placement})


@pytest.mark.parametrize(
    ("placed", "shares"),
    [
        pytest.param(component(3, cluster="b"), [("web", "b", 3)], id="one"),
        pytest.param(component(5, clusters=["b", "c"]), [("web-b", "b", 3), ("web-c", "c", 2)], id="uneven"),
        pytest.param(component(2, clusters=["a", "c"]), [("web-a", "a", 1), ("web-c", "c", 1)], id="with-the-home"),
        pytest.param(component(0, clusters=["b", "c"]), [("web-b", "b", 0), ("web-c", "c", 0)], id="scaled-down"),
        pytest.param(component(2, clusters=["c"]), [("web", "c", 2)], id="several-is-one"),
        pytest.param(component(2, stay=True), [("web", "a", 2)], id="stay"),
    ],
)
def test_replicas_are_shared_by_clusters(placed: Component, shares: list[tuple[str, str, int]]) -> None:
    """As evenly as can be, in the order of the spec; one workload a cluster, and what stays is at home."""
    found = shares_of(placed, "a")
    assert [(each.workload, each.cluster, each.replicas) for each in found] == shares
    assert sum(each.replicas or 0 for each in found) == placed.replicas
    assert [each.is_away for each in found] == [each.cluster != "a" for each in found]
