"""Clusters that Cluster API makes, with a management cluster that is emulated, and with a real one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE
from federation.errors import Rejected, Unsupported
from federation.preflight.quotas import MADE_ENDPOINT, MADE_FOUNDATION, MADE_MACHINE
from federation.state.observed import ObservedMaking, Present
from providers.contracts import ClusterTarget, Waiting
from providers.infrastructure.cluster_api.kinds import CLUSTER, MACHINE_TEMPLATE, OPENSTACK_CLUSTER
from tests.contract.providers.yard import FEDERATION, PUBLISHED, Yard, a_made_cluster
from tests.proving import control_plane
from tests.proving.building import Missing

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function _SelectorTransport:pytest.PytestUnraisableExceptionWarning"
)
"""Emulated servers live in this process, and end while somebody is connected; the collector finds that later."""
SERVERS = ["sandbox", pytest.param("real", marks=pytest.mark.real)]
KINDS = ["kubeadm", "k3s", "microk8s"]


@pytest.fixture(scope="module", params=SERVERS)
def yard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """A yard for all tests of this module: each has clusters of its own."""
    programs = None
    if request.param == "real":
        if not PUBLISHED.is_dir():
            pytest.skip("the published definitions of Cluster API are not at hand")
        try:
            programs = control_plane.find()
        except Missing as reason:
            pytest.skip(f"no real control plane: {reason}")
    made = Yard(tmp_path_factory.mktemp("yard"), programs)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _told_in_the_table(yard: Yard, record_property: Any) -> None:
    if yard.real is not None:
        record_property("server", "Kubernetes: Cluster API's definitions")
        record_property("version", yard.client.version())


def make(yard: Yard, target: ClusterTarget) -> ObservedMaking:
    """Apply, open and await a cluster."""
    yard.until_done(lambda: yard.provider.ensure_foundation(target))
    kubeconfig = yard.eventually(lambda: _opened(yard, target), "a kubeconfig")
    yard.vault.kubeconfigs[target.name] = kubeconfig
    return settle(yard, target)


def _opened(yard: Yard, target: ClusterTarget) -> str | None:
    found = yard.provider.kubeconfig(target)
    return None if isinstance(found, Waiting) else found


def settle(yard: Yard, target: ClusterTarget) -> ObservedMaking:
    """Let nodes be ready as a network plugin would, and wait for all machines."""
    yard.eventually(lambda: _networked(yard, target), "nodes")
    yard.until_done(lambda: _settled(yard, target))
    making = yard.provider.observe(target).making
    assert making is not None
    return making


def _settled(yard: Yard, target: ClusterTarget) -> Any:
    _networked(yard, target)
    return yard.provider.settle(target)


def _networked(yard: Yard, target: ClusterTarget) -> bool:
    """Nodes of kubeadm have no network until somebody installs one: here, an annotation stands for it."""
    client = KubernetesClient(yard.vault.kubeconfigs[target.name])
    try:
        for node in client.list(NODE):
            if not node["metadata"].get("annotations"):
                patch = {"metadata": {"annotations": {"flannel.alpha.coreos.com/backend-type": "vxlan"}}}
                client.merge_patch(NODE, node["metadata"]["name"], patch)
        return bool(client.list(NODE))
    finally:
        client.close()


def used(yard: Yard, target: ClusterTarget) -> dict[str, int]:
    """What the project of a cluster uses of its quotas, as the provider tells before anything is made."""
    cloud = yard.provider.inspect(target, ()).cloud
    assert cloud is not None
    return {name: q.used for each in cloud.quotas if isinstance(each, Present) for name, q in each.value.items()}


def nodes(yard: Yard, target: ClusterTarget) -> dict[str, str]:
    """Versions of a cluster's nodes."""
    client = KubernetesClient(yard.vault.kubeconfigs[target.name])
    try:
        return {each["metadata"]["name"]: each["status"]["nodeInfo"]["kubeletVersion"] for each in client.list(NODE)}
    finally:
        client.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_cluster_lives_is_changed_and_leaves_nothing(yard: Yard, kind: str) -> None:
    """Create, again, scale, upgrade, drop a pool, delete: templates that were used once go, and so does everything."""
    target = a_made_cluster(kind)
    before = yard.in_cloud()
    making = make(yard, target)
    assert (making.differs, making.unsettled, making.access) == ("", "", "kept")
    assert set(nodes(yard, target).values()) == {target.spec.built_with.version}

    seen = yard.provider.observe(target)
    assert seen.foundation == "complete"
    assert {machine.role for machine in seen.machines} == {"control-plane", "worker"}
    assert yard.provider.ensure_foundation(target).detail == "0 objects applied"  # type: ignore[union-attr]  # Done

    larger = a_made_cluster(kind, pools={"default": 2, "extra": 1})
    assert "differs" in (yard.provider.observe(larger).making or ObservedMaking()).differs
    make(yard, larger)
    assert len(nodes(yard, larger)) == 4

    newer = a_made_cluster(kind, newer=True, pools={"default": 2, "extra": 1})
    make(yard, newer)
    assert set(nodes(yard, newer).values()) == {newer.spec.built_with.version}

    dropped = a_made_cluster(kind, newer=True, pools={"default": 2})
    assert yard.provider.observe(dropped).making.pools == ("default", "extra")  # type: ignore[union-attr]  # it stands
    yard.until_done(lambda: yard.provider.delete_pool(dropped, "extra"))
    assert settle(yard, dropped).unsettled == ""
    place = f"capi-{FEDERATION}-{target.name}"
    assert len(yard.client.list(MACHINE_TEMPLATE, place)) == 2

    yard.until_done(lambda: yard.provider.delete_foundation(dropped))
    del yard.vault.kubeconfigs[target.name]
    assert yard.provider.observe(dropped).foundation == "absent"
    assert yard.provider.leftovers(dropped) == ()
    assert yard.in_cloud() == before
    assert yard.ledger.entries == {}


def test_three_machines_of_an_api_are_behind_a_balancer(yard: Yard) -> None:
    """The word that clusters of our own have for it; its address outlives the machines, and goes with the cluster."""
    plane = {"count": 3, "flavor": "m1.small", "endpoint": {"type": "octavia"}}
    target = replace(a_made_cluster("kubeadm", pools={}, controlPlane=plane), federation="tall")
    assert yard.provider.leftovers(target) == ()  # who first looks at groups makes the project's default one
    before, unused = yard.in_cloud(), used(yard, target)
    assert make(yard, target).unsettled == ""
    assert len(nodes(yard, target)) == 3
    taken = {name: count - unused[name] for name, count in used(yard, target).items()}
    expected = MADE_FOUNDATION + MADE_ENDPOINT
    for _ in range(3):
        expected.update(MADE_MACHINE)
    expected["port"] += 1  # of the agent that serves DHCP, for which nobody asks the quota
    assert {name: taken[name] for name in expected} == dict(expected), "what the preflight counts with"
    whole = yard.client.get(OPENSTACK_CLUSTER, f"tall-{target.name}", f"capi-tall-{target.name}")
    assert whole is not None
    assert whole["spec"]["apiServerLoadBalancer"] == {"enabled": True}
    assert yard.provider.ensure_foundation(target).detail == "0 objects applied"  # type: ignore[union-attr]  # Done
    yard.until_done(lambda: yard.provider.delete_foundation(target))
    del yard.vault.kubeconfigs[target.name]
    assert yard.in_cloud() == before


def test_a_machine_that_the_cloud_refuses_is_told_with_its_reason(yard: Yard) -> None:
    """Over quota: nobody waits for it, and the machine says why in Cluster API's own words."""
    target = replace(a_made_cluster("kubeadm"), federation="poor")
    quotas = yard.universe.cloud.compute.quotas
    before, quotas["cores"] = quotas["cores"], 0
    try:
        yard.until_done(lambda: yard.provider.ensure_foundation(target))
        with pytest.raises(Rejected, match="Quota exceeded for cores") as refused:
            yard.eventually(lambda: _opened(yard, target), "a refusal")
        assert refused.value.reason == "InstanceCreateFailed"
        machine = yard.provider.observe(target).machines[0]
        assert [(each.status, each.reason) for each in machine.reported if each.type == "InfrastructureReady"] == [
            ("False", "InstanceCreateFailed")
        ]
    finally:
        quotas["cores"] = before
        yard.until_done(lambda: yard.provider.delete_foundation(target))


def test_a_cluster_of_somebody_else_is_left_alone(yard: Yard) -> None:
    """A namespace or Cluster of our name without our mark is neither changed nor removed."""
    target = replace(a_made_cluster("kubeadm"), federation="other")
    name = f"other-{target.name}"
    yard.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"capi-{name}"}})
    for step in (yard.provider.ensure_foundation, yard.provider.delete_foundation):
        with pytest.raises(Rejected, match="carries no mark of ours") as refused:
            step(target)
        assert refused.value.reason == "NotOurs"
    assert yard.provider.leftovers(target) == ()
    assert yard.client.get(CLUSTER, name, f"capi-{name}") is None


def test_what_is_missing_in_the_management_cluster_is_named(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the kinds of a provider nothing is made, and the error is what to run."""
    monkeypatch.setattr(KubernetesClient, "serves", lambda _self, kind: "KThrees" not in kind.kind)
    target = replace(a_made_cluster("k3s"), federation="bare")
    with pytest.raises(Unsupported, match="clusterctl init --infrastructure openstack --bootstrap k3s") as refused:
        yard.provider.ensure_foundation(target)
    assert refused.value.reason == "ClusterApiMissing"
    assert yard.provider.observe(target).foundation == "absent"
