"""Clusters of the real kind in the sandbox's Docker: made, opened, broken, removed, never mistaken for another's."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest

from clients.fence import guarded
from clients.kind.errors import DockerUnavailable
from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE
from federation.errors import CommandFailed, LeaseLost, Rejected
from providers.contracts import Done
from providers.nodes import observe_nodes
from tests.contract.kind.dock import Dock, Works, a_target

pytestmark = pytest.mark.real
WHOLE = ["fed-a-control-plane", "fed-a-worker"]
BALANCER = "fed-a-external-load-balancer"
BALANCES = ("--label", "io.x-k8s.kind.cluster=fed-a", "--label", "io.x-k8s.kind.role=external-load-balancer")


def test_a_cluster_is_made_opened_and_removed(dock: Dock) -> None:
    """As it is asked for, by its own API; a second look changes nothing; nothing is left in Docker or ledger."""
    works, target = Works(), a_target()
    assert works.provider.observe(target).foundation == "absent"
    works.make(target)
    assert dock.names() == WHOLE
    client = KubernetesClient(works.vault.kept["a"])
    nodes = {node.name: node for node in observe_nodes(client, datetime.now(UTC))}
    labels = (client.get(NODE, "fed-a-worker") or {})["metadata"]["labels"]
    client.close()
    assert {name: (node.role, node.version) for name, node in nodes.items()} == {
        "fed-a-control-plane": ("control-plane", "v1.35.0"),
        "fed-a-worker": ("worker", "v1.35.0"),
    }
    assert nodes["fed-a-worker"].pod_cidr.startswith("10.51.")
    assert labels["tier"] == "web"

    dock.sandbox.post("journal/reset")
    seen = works.provider.observe(target)
    assert (seen.foundation, works.making(target).access, works.making(target).unsettled) == ("complete", "kept", "")
    assert {machine.pool: machine.state for machine in seen.machines} == {"cp": "running", "default": "running"}
    works.until_done(lambda: works.provider.ensure_foundation(target))
    assert dock.changes() == []

    assert [each.name for each in works.provider.leftovers(target)] == WHOLE
    works.until_done(lambda: works.provider.delete_foundation(target))
    assert (dock.names(), works.ledger.entries, works.provider.leftovers(target)) == ([], {}, ())


def test_what_stopped_is_started_and_what_is_lost_is_told(dock: Dock) -> None:
    """A stopped node, one that is gone, all of them: three different things, and nothing is removed for any."""
    works, target = Works(), a_target()
    works.make(target)
    dock.docker("stop", "fed-a-worker")
    assert works.making(target).unsettled == "stopped: fed-a-worker"
    assert works.provider.observe(target).foundation == "complete"
    works.until_done(lambda: works.provider.settle(target))
    assert works.making(target).unsettled == ""

    dock.docker("rm", "-f", "fed-a-worker")
    seen = works.provider.observe(target)
    assert (seen.foundation, works.making(target).differs) == ("partial", "pool default has 0 of 1 nodes")
    assert _refused(lambda: works.provider.ensure_foundation(target)) == "ClusterIncomplete"
    assert dock.names() == ["fed-a-control-plane"]

    dock.docker("rm", "-f", "fed-a-control-plane")
    assert works.provider.observe(target).foundation == "absent"


def test_a_create_that_is_cut_off_is_begun_anew(dock: Dock) -> None:
    """A run that lost its lease takes kind with it; what stands half made is known for ours and made again."""
    works, target = Works(), a_target()
    fault = dock.sandbox.fault(wire="docker", method="exec", path="kubeadm init", count=1, action={"hang": True})

    def lease() -> None:
        rules = {rule["id"]: rule for rule in dock.sandbox.get("faults")["faults"]}
        if rules[fault]["struck"]:
            raise LeaseLost("another run took over")

    with guarded(lease), pytest.raises(LeaseLost):
        works.provider.ensure_foundation(target)
    assert dock.names() == WHOLE
    assert list(works.ledger.entries.values()) == [None]
    seen = works.provider.observe(target)
    assert (seen.foundation, works.making(target).differs, works.making(target).access) == (
        "partial",
        "it was only begun",
        "absent",
    )

    dock.sandbox.heal()
    before = dock.docker("ps", "-aq", "--no-trunc")
    works.make(target)
    assert dock.names() == WHOLE
    assert set(before.split()).isdisjoint(dock.docker("ps", "-aq", "--no-trunc").split())
    assert works.provider.observe(target).foundation == "complete"


def test_a_create_that_fails_leaves_no_intent(dock: Dock) -> None:
    """kind removes what it began and tells why; the next wish is free to be another one."""
    works, target = Works(), a_target()
    failure = {"exit_code": 1, "stderr": "error: no room for etcd"}
    dock.sandbox.fault(wire="docker", method="exec", path="kubeadm init", action=failure)
    with pytest.raises(CommandFailed, match="no room for etcd"):
        works.provider.ensure_foundation(target)
    assert (dock.names(), works.ledger.entries) == ([], {})


def test_a_cluster_of_our_name_that_is_somebody_elses_stays(dock: Dock) -> None:
    """The name alone makes nothing ours: it is neither used nor removed, and our removal ends all the same."""
    nodes = "nodes: [{role: control-plane, image: 'kindest/node:v1.35.0'}]"
    config = f"{{kind: Cluster, apiVersion: kind.x-k8s.io/v1alpha4, {nodes}}}"
    argv = ["kind", "create", "cluster", "--name", "fed-a", "--kubeconfig", "/dev/null", "--config", "-"]
    subprocess.run(argv, input=config, text=True, check=False, capture_output=True, timeout=120)
    dock.docker("run", "--name", BALANCER, *BALANCES, "docker.io/kindest/haproxy:v1")
    theirs = ["fed-a-control-plane", BALANCER]
    assert dock.names() == theirs
    works, target = Works(), a_target()
    works.intend(target)
    assert works.provider.observe(target).foundation == "absent"
    assert _refused(lambda: works.provider.ensure_foundation(target)) == "NotOurs"
    assert works.provider.leftovers(target) == ()
    assert isinstance(works.provider.delete_foundation(target), Done)
    assert dock.names() == theirs


@pytest.mark.parametrize("intended", [True, False])
def test_a_balancer_alone_is_ours_only_when_we_have_begun_a_cluster(dock: Dock, intended: bool) -> None:
    """It carries no mark: kind mounts nothing into it."""
    dock.docker("run", "--name", BALANCER, *BALANCES, "docker.io/kindest/haproxy:v1")
    works, target = Works(), a_target()
    if intended:
        works.intend(target)
    works.until_done(lambda: works.provider.delete_foundation(target))
    assert dock.names() == ([] if intended else [BALANCER])


def test_a_cluster_on_another_engine_is_neither_gone_nor_to_be_made(dock: Dock) -> None:
    """A worker on another machine, or another DOCKER_HOST: nothing is known, and no removal ends in silence."""
    works, target = Works(), a_target()
    works.intend(target, engine="of-another-machine")
    calls = (works.provider.observe, works.provider.ensure_foundation, works.provider.delete_foundation)
    for call in (*calls, works.provider.leftovers):
        assert _refused(partial(call, target)) == "OtherDocker"
    assert len(works.ledger.entries) == 1
    assert dock.names() == []


def test_several_control_plane_nodes_are_behind_kinds_balancer(dock: Dock) -> None:
    """Their API answers at its port, also when the first of them is stopped."""
    works, target = Works(), a_target(controlPlane={"count": 3}, workers=[])
    works.make(target)
    planes = [f"fed-a-control-plane{number}" for number in ("", "2", "3")]
    assert dock.names() == sorted([*planes, BALANCER])
    dock.docker("stop", planes[0])
    client = KubernetesClient(works.vault.kept["a"])
    assert len(observe_nodes(client, datetime.now(UTC))) == 3
    client.close()
    works.until_done(lambda: works.provider.delete_foundation(target))
    assert dock.names() == []


def test_the_played_engine_is_there_again_after_its_restart(dock: Dock) -> None:
    """Containers, published ports and what runs in them, as after a reboot of a host; without it, nothing is known."""
    works, target = Works(), a_target(workers=[])
    works.make(target)
    dock.sandbox.end()
    with pytest.raises(DockerUnavailable):
        works.provider.observe(target)
    dock.sandbox.start()
    works.until_done(lambda: works.provider.settle(target))
    assert works.provider.observe(target).foundation == "complete"


def _refused(call: Callable[[], object]) -> str:
    with pytest.raises(Rejected) as refused:
        call()
    return refused.value.reason
