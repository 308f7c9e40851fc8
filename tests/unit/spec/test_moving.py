"""Clusters that stand already stay where and what they are."""

from __future__ import annotations

from typing import Any

import pytest

from federation.spec.moving import check_moves
from tests.builders import a_cluster, a_federation

HOSTS = {"infrastructure": {"type": "hosts", "inventory": "ffi"}, "workers": []}
CLOUD = {"type": "openstack", "cloud": "lab", "image": "x", "externalNetwork": "public"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"infrastructure": CLOUD | {"cloud": "other"}}, "infrastructure.cloud"),
        ({"infrastructure": {"type": "hosts", "inventory": "ffi"}}, "infrastructure.type"),
        ({"distribution": {"type": "k3s", "version": "v1.36.4+k3s1"}}, "distribution.type"),
        ({"network": {"podCIDR": "10.99.0.0/16"}}, "network.podCIDR"),
        ({"network": {"serviceCIDR": "10.98.0.0/16"}}, "network.serviceCIDR"),
        ({"network": {"cni": "calico"}}, "network.cni"),
        ({"network": {"encapsulation": "none"}}, "network.encapsulation"),
    ],
)
def test_what_would_leave_something_behind_is_refused(change: dict[str, Any], field: str) -> None:
    """The place is the field that changed, and both values are told."""
    before = a_federation(clusters=[a_cluster("a", infrastructure=CLOUD)])
    after = a_federation(clusters=[a_cluster("a", **({"infrastructure": CLOUD} | change))])
    (problem,) = check_moves(before.spec.clusters, after)
    assert ".".join(str(each) for each in problem.field) == f"spec.clusters.0.{field}"
    assert "stands already" in problem.message
    assert "apply a spec without 'a' first" in problem.fix


def test_a_network_plugin_may_be_named_that_was_the_default() -> None:
    """What is asked for is the same."""
    before, after = (
        a_federation(clusters=[a_cluster("a")]),
        a_federation(clusters=[a_cluster("a", network={"cni": "flannel"})]),
    )
    assert list(check_moves(before.spec.clusters, after)) == []


@pytest.mark.parametrize("change", [{"infrastructure": CLOUD | {"image": "y"}}, {"workers": 3}, {"labels": {"a": "b"}}])
def test_what_can_change_in_place_is_let_through(change: dict[str, Any]) -> None:
    """Images are for machines that are still to come."""
    before = a_federation(clusters=[a_cluster("a", infrastructure=CLOUD)])
    after = a_federation(clusters=[a_cluster("a", **({"infrastructure": CLOUD} | change)), a_cluster("new")])
    assert list(check_moves(before.spec.clusters, after)) == []
