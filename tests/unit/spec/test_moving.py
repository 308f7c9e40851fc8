"""Clusters that stand already stay where and what they are."""

from __future__ import annotations

from typing import Any

import pytest

from federation.spec.moving import check_moves
from federation.spec.skew import Runs
from federation.spec.versions import matches
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


@pytest.mark.parametrize(
    ("runs", "wanted", "message", "fix"),
    [
        ("v1.36.4", "v1.35.2", "cannot be taken back to v1.35.2", "write v1.36.4, or a later patch of it"),
        ("v1.36.4", "v1.36.3", "cannot be taken back to v1.36.3", "write v1.36.4, or a later patch of it"),
        ("v1.34.4", "v1.36.4", "v1.36.4 is 2 minors ahead", "write a version of v1.35 first"),
        ("v1.35.4", "v1.36.0", "", ""),
        ("v1.36.4", "v1.36.4", "", ""),
        ("", "v1.35.2", "", ""),
    ],
)
def test_a_version_only_goes_on_by_steps_from_what_was_seen_to_run(
    runs: str, wanted: str, message: str, fix: str
) -> None:
    """What was asked for before does not matter: only what a node runs."""
    before = a_federation(clusters=[a_cluster("a")])
    after = a_federation(clusters=[a_cluster("a", distribution={"type": "kubeadm", "version": wanted})])
    problems = list(check_moves(before.spec.clusters, after, {"a": [Runs("fed-a-cp-0", "control-plane", runs)]}))
    assert bool(problems) == bool(message)
    for problem in problems:
        assert problem.field == ("spec", "clusters", 0, "distribution", "version")
        assert message in problem.message
        assert problem.fix == fix


def test_a_worker_that_is_newer_than_the_wanted_control_plane_is_refused() -> None:
    """Its name is told, and the version that goes."""
    before = a_federation(clusters=[a_cluster("a")])
    seen = [Runs("fed-a-cp-0", "control-plane", "v1.35.0"), Runs("fed-a-default-0", "worker", "v1.36.5")]
    (problem,) = check_moves(before.spec.clusters, before, {"a": seen})
    assert "worker fed-a-default-0 runs v1.36.5" in problem.message
    assert problem.fix == "write v1.36.5, or a later patch of it"


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [("v1.36.4+k3s1", "v1.36.4+k3s1", True), ("v1.36.4+k3s1", "v1.36.4+k3s2", False), ("v1.36.4", "v1.36", True)],
)
def test_versions_are_the_same_by_their_numbers(found: str, wanted: str, *, same: bool) -> None:
    """A minor alone stands for any of its patches."""
    assert matches(found, wanted) is same


def _made(management: str, **more: Any) -> dict[str, Any]:
    infrastructure = CLOUD | {"type": "cluster-api", "management": management} | more
    return a_cluster("c", infrastructure=infrastructure, addons=[])


@pytest.mark.parametrize("new", [False, True], ids=["it stands", "it is new"])
def test_a_management_cluster_is_not_dropped_from_under_a_cluster(new: bool) -> None:
    """Both are named; otherwise its name would stand for a block."""
    hq = a_cluster("hq", infrastructure=CLOUD)
    before = a_federation(clusters=[hq] if new else [hq, _made("hq")])
    (problem,) = check_moves(before.spec.clusters, a_federation(clusters=[_made("hq")]))
    assert ".".join(str(each) for each in problem.field) == "spec.clusters.0.infrastructure.management"
    assert "hangs on its management cluster 'hq'" in problem.message
    assert "drop 'c' too" in problem.fix


def _by_kind(**more: Any) -> dict[str, Any]:
    """A cluster of kind with two pools."""
    pools = [{"name": "x", "count": 1, "labels": {"tier": "web"}}, {"name": "y", "count": 2}]
    made = {"controlPlane": {"count": 1}, "workers": pools, "addons": []}
    return a_cluster("c") | {"infrastructure": {"type": "kind"}} | made | more


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"workers": [{"name": "x", "count": 1, "labels": {"tier": "web"}}]}, "workers"),
        ({"workers": [{"name": "x", "count": 1}, {"name": "y", "count": 2}]}, "workers"),
        ({"controlPlane": {"count": 3}}, "controlPlane.count"),
        ({"distribution": {"type": "kubeadm", "version": "v1.36.5"}}, "distribution.version"),
        ({"infrastructure": {"type": "kind", "image": "mine/node:v1.36.4"}}, "infrastructure.image"),
        ({"network": {"podCIDR": "10.9.0.0/16"}}, "network.podCIDR"),
        ({"network": {"cni": "calico"}}, "network.cni"),
    ],
)
def test_kind_cannot_change_a_cluster(change: dict[str, Any], field: str) -> None:
    """Counts, labels, version, image and networks are what they were made with; place and fix are told."""
    before, after = (a_federation(clusters=[each]) for each in (_by_kind(), _by_kind(**change)))
    (problem,) = check_moves(before.spec.clusters, after)
    assert ".".join(str(each) for each in problem.field) == f"spec.clusters.0.{field}"
    assert problem.fix.endswith("or apply a spec without 'c' first")


def test_the_order_of_pools_means_nothing_to_a_cluster_of_kind() -> None:
    """Pools go by their names."""
    pools = [{"name": "y", "count": 2}, {"name": "x", "count": 1, "labels": {"tier": "web"}}]
    before, after = (a_federation(clusters=[each]) for each in (_by_kind(), _by_kind(workers=pools)))
    assert list(check_moves(before.spec.clusters, after)) == []


@pytest.mark.parametrize("change", [{"management": "other"}, {"nodeCIDR": "10.9.0.0/24"}])
def test_what_cluster_api_cannot_change_is_refused(change: dict[str, Any]) -> None:
    """Another management cluster or network under the same name."""
    before, after = (
        a_federation(clusters=[_made(**each)]) for each in ({"management": "x"}, {"management": "x"} | change)
    )
    (problem,) = check_moves(before.spec.clusters, after)
    assert problem.field[-1] == next(iter(change))
