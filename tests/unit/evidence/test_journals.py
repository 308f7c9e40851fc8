"""Whose journals are read, and of which machines."""

from __future__ import annotations

from types import ModuleType

import pytest

from federation.judging import judge_federation
from federation.planning.breakage import unready_machines
from providers.bootstrap import host, k3s_node, kubeadm_node, kubeadm_upgrade, microk8s_node
from providers.bootstrap.k3s import K3s
from providers.bootstrap.kubeadm import Kubeadm
from providers.bootstrap.microk8s import MicroK8s
from providers.contracts import Distribution
from tests.unit.judging.test_existing import verdicts_of
from tests.unit.planning.short import a_case

LOST = {"ready": False, "unready_s": 400.0, "message": "KubeletNotReady: no word"}


@pytest.mark.parametrize(
    ("distribution", "modules"),
    [(Kubeadm, (host, kubeadm_node, kubeadm_upgrade)), (K3s, (k3s_node,)), (MicroK8s, (microk8s_node,))],
)
def test_every_long_step_of_a_distribution_is_heard(
    distribution: type[Distribution], modules: tuple[ModuleType, ...]
) -> None:
    """A step that is added is heard, too; the units of others are not asked for."""
    units = {value for module in modules for name, value in vars(module).items() if name.endswith("_UNIT")}
    assert units <= set(distribution.journals)
    assert {each for each in distribution.journals if each.startswith("flotilla-")} <= units | {host.PACKAGES_UNIT}


@pytest.mark.parametrize(
    ("clusters", "look", "expected"),
    [
        ({"a": {}}, {"nodes": {"fed-a-default-0": LOST}}, (("a", "fed-a-default-0"),)),
        ({"a": {}}, {"nodes": {"fed-a-default-0": {**LOST, "unready_s": 20.0}}}, ()),
        ({"a": {}}, {"nodes": {"fed-a-default-0": LOST}, "machines": {"fed-a-default-0": {"state": "stopped"}}}, ()),
        ({"a": {"existing": {"addons": []}}}, {"nodes": {"n1": LOST}, "machines": {"n1": {}}}, ()),
        ({"a": {"made": "b"}}, {"nodes": {"n1": LOST}, "machines": {"n1": {}}}, ()),
        ({"a": {}}, "dark", ()),
    ],
)
def test_machines_are_asked_whose_nodes_are_lost_and_that_can_answer(clusters, look, expected) -> None:
    """Not before the grace, not machines that are off, and none that others made: there is no way into them."""
    assert unready_machines(a_case({"clusters": clusters, "observed": {"a": look}})) == expected


@pytest.mark.parametrize("unready_s", [400.0, 20.0])
def test_the_condition_says_first_what_the_machine_says(unready_s) -> None:
    """Only of a node that is lost: a machine made anew under the name has not said anything yet."""
    look = {"nodes": {"fed-a-default-0": {**LOST, "unready_s": unready_s}}}
    verdicts = verdicts_of({"clusters": {"a": {}}, "observed": {"a": look}})
    verdicts.said[("a", "fed-a-default-0")] = "kubelet: running with swap on"  # type: ignore[index]  # a dict
    (cluster,) = judge_federation(verdicts).parts
    condition = cluster.parts[1].condition("NodeReady")
    assert condition is not None
    words = "kubelet: running with swap on; " if unready_s > 300 else ""
    assert condition.message == f"{words}KubeletNotReady: no word"
