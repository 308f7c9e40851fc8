"""What kind is asked for, and what of Docker's containers is ours."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from clients.kind.containers import Container
from federation.spec.cluster import Cluster
from federation.state.observed import ObservedNode
from providers.contracts import ClusterTarget
from providers.infrastructure.kind.place import Place, place_of
from providers.infrastructure.kind.rendering import render
from providers.infrastructure.kind.showing import differences, machines, shown, unsettled


def the_place(federation: str = "fed", **more: Any) -> Place:
    """A cluster with one control-plane node and two pools, unless it is said otherwise."""
    fields = {
        "name": "a",
        "infrastructure": {"type": "kind"},
        "distribution": {"type": "kubeadm", "version": "v1.35.0"},
        "workers": [{"name": "x", "count": 1, "labels": {"tier": "web"}}, {"name": "b", "count": 2}],
        "network": {"podCIDR": "10.1.0.0/16", "serviceCIDR": "10.101.0.0/16"},
    }
    return place_of(ClusterTarget(federation, Cluster.model_validate(fields | more)))


def a_container(name: str, pool: str = "", state: str = "running", **more: Any) -> Container:
    """A node, with the mark of a pool of ours unless that is empty."""
    mounts = ("/lib/modules", f"/flotilla/fed/a/{pool}") if pool else ("/lib/modules",)
    role = "control-plane" if "control-plane" in name else "worker"
    return Container(
        **{"id": name, "name": name, "image": "kindest/node:v1.35.0", "role": role} | more, state=state, mounts=mounts
    )


BALANCER = a_container("fed-a-external-load-balancer", role="external-load-balancer", image="kindest/haproxy:v1")
WHOLE = (
    a_container("fed-a-control-plane", "cp"),
    a_container("fed-a-worker", "b"),
    a_container("fed-a-worker2", "b"),
    a_container("fed-a-worker3", "x"),
)


def test_every_field_of_the_spec_has_its_place_in_the_configuration() -> None:
    """Version as image, counts as nodes, labels, networks, and a mark on each node that tells federation and pool."""
    config = yaml.safe_load(render(the_place()))
    assert (config["kind"], config["apiVersion"], config["name"]) == ("Cluster", "kind.x-k8s.io/v1alpha4", "fed-a")
    assert config["networking"] == {"podSubnet": "10.1.0.0/16", "serviceSubnet": "10.101.0.0/16"}
    assert [node["role"] for node in config["nodes"]] == ["control-plane", "worker", "worker", "worker"]
    assert {node["image"] for node in config["nodes"]} == {"kindest/node:v1.35.0"}
    assert [node.get("labels") for node in config["nodes"]] == [None, None, None, {"tier": "web"}]
    marks = [mount["containerPath"] for node in config["nodes"] for mount in node["extraMounts"]]
    assert marks == [f"/flotilla/fed/a/{pool}" for pool in ("cp", "b", "b", "x")]


def test_a_plugin_of_ones_own_takes_the_place_of_kinds() -> None:
    """kind then installs none."""
    config = yaml.safe_load(render(the_place(network={"cni": "cilium"})))
    assert config["networking"]["disableDefaultCNI"] is True


def test_the_order_of_pools_changes_nothing() -> None:
    """Nodes are numbered by the names of their pools."""
    turned = [{"name": "b", "count": 2}, {"name": "x", "count": 1, "labels": {"tier": "web"}}]
    assert render(the_place(workers=turned)) == render(the_place())


def test_an_image_of_ones_own_is_taken() -> None:
    """As it is written."""
    config = yaml.safe_load(render(the_place(infrastructure={"type": "kind", "image": "mine/node:v1.35.0"})))
    assert {node["image"] for node in config["nodes"]} == {"mine/node:v1.35.0"}


def test_a_whole_cluster_differs_in_nothing() -> None:
    """Containers by pool, as they are asked for."""
    seen = shown(the_place(), WHOLE)
    assert list(differences(seen, the_place())) == []
    assert [pool for pool, _ in seen.nodes] == ["cp", "b", "b", "x"]


@pytest.mark.parametrize(
    ("containers", "more", "told"),
    [
        (WHOLE[:3], {}, ["pool x has 0 of 1 nodes"]),
        (WHOLE[1:], {}, ["the control plane has 0 of 1 nodes"]),
        ((*WHOLE, a_container("fed-a-worker4", "old")), {}, ["pool old is there"]),
        ((*WHOLE[:3], a_container("w", "x", image="else")), {}, ["nodes are of image else"]),
        (WHOLE, {"controlPlane": {"count": 3}}, ["the control plane has 1 of 3 nodes", "its load balancer is gone"]),
    ],
)
def test_what_a_cluster_lost_is_told(containers: tuple[Container, ...], more: dict[str, Any], told: list[str]) -> None:
    """In the words of the spec."""
    place = the_place(**more)
    assert list(differences(shown(place, containers), place)) == told


@pytest.mark.parametrize("federation", ["other", "fe", "fed-x"])
def test_the_same_name_alone_makes_nothing_ours(federation: str) -> None:
    """Federations a-b with c and a with b-c have the same name in kind; the mark tells them apart."""
    seen = shown(the_place(federation), WHOLE)
    assert (seen.nodes, len(seen.foreign)) == ((), 4)


def test_a_balancer_is_no_node_and_nobody_elses() -> None:
    """kind mounts nothing into it."""
    seen = shown(the_place(), (*WHOLE, BALANCER))
    assert (seen.balancer, seen.foreign, len(seen.nodes)) == (BALANCER, (), 4)


def test_a_stopped_container_is_told() -> None:
    """It is neither gone nor only begun."""
    seen = shown(the_place(), (WHOLE[0], a_container("fed-a-worker", "b", "exited"), *WHOLE[2:]))
    assert list(differences(seen, the_place())) == []
    assert unsettled(seen, None) == "stopped: fed-a-worker"
    stopped = next(machine for machine in machines(seen, None) if machine.name == "fed-a-worker")
    assert stopped.state == "stopped"
    assert stopped.reported[0].reason == "ContainerStopped"
    assert "exited" in stopped.reported[0].message


def test_a_node_is_waited_for_until_it_is_ready() -> None:
    """A container that runs is no node yet; what nobody can ask is not waited for."""
    seen = shown(the_place(workers=[]), WHOLE[:1])
    ready = ObservedNode("fed-a-control-plane", "control-plane", ready=True, version="v1.35.0")
    late = ObservedNode("fed-a-control-plane", "control-plane", ready=False, version="v1.35.0", message="no plugin")
    looks: list[dict[str, ObservedNode] | None] = [{}, {late.name: late}, {ready.name: ready}, None]
    assert [bool(unsettled(seen, nodes)) for nodes in looks] == [True, True, False, False]
    (machine,) = machines(seen, {late.name: late})
    told = {each.type: each.status for each in machine.reported}
    assert told == {"InfrastructureReady": "True", "NodeReady": "False"}
