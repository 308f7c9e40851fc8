"""A drain that was cut off leaves no node closed."""

from __future__ import annotations

from blocks.vault import BlockVault
from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE
from tests.stage.specs import a_small_cluster, a_small_federation


def test_node_whose_drain_was_cut_off_takes_pods_again(inside):
    """A machine was to go, its removal stopped half way, and the spec wants it back: its node is opened again."""
    small, large = (a_small_federation("drain", a_small_cluster("a", workers=count)) for count in (0, 1))
    inside.ready(large)
    inside.stage.post(
        "faults", {"wire": "kubernetes", "method": "DELETE", "path": "/nodes/", "action": {"status": 403}}
    )
    assert inside.apply(small).is_failed()
    inside.stage.heal()
    assert _node("drain-a-default-0")["spec"].get("unschedulable") is True
    inside.ready(large)
    assert "unschedulable" not in _node("drain-a-default-0")["spec"]
    inside.silent(large)
    inside.gone("drain")


def _node(name):
    kubeconfig = BlockVault().kubeconfig("drain", "a")
    assert kubeconfig is not None
    client = KubernetesClient(kubeconfig)
    try:
        return client.get(NODE, name)
    finally:
        client.close()
