"""What fails is named, the rest goes on, and the next reconcile mends it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from pydantic import SecretStr

from blocks.credentials import OpenStackCloud
from federation.planning.actions import DeployComponent
from federation.preflight.findings import PREFLIGHT
from flows.apply import apply
from tasks import performing
from tests.stage.specs import a_component, a_small_cluster, a_small_federation, on_hosts


@pytest.fixture
def impatient(monkeypatch):
    """Give up on what does not answer after one second, and let only the next reconcile try again."""
    monkeypatch.setattr(performing, "PATIENCE_S", 1.0)
    monkeypatch.setattr(performing.perform, "retries", 0)


def test_small_quota_holds_one_cluster_until_it_is_raised(inside):
    """Nothing is made of it, its condition has the fix, and the others are built; more quota heals."""
    spec = a_small_federation("quota", a_small_cluster("a"), a_small_cluster("b", workers=1), on_hosts("c"))
    inside.stage.post("quotas", {"instances": 2})
    try:
        assert inside.apply(spec).is_completed()
        assert inside.stage.machines("quota-") == ["quota-a-cp-0"]
        condition = inside.condition("quota", f"Cluster/b/{PREFLIGHT}")
        assert (condition.status, condition.reason) == ("False", "QuotaTooSmall")
        assert "raise the quota 'instances' to 3" in condition.message
        assert inside.condition("quota", "Cluster/b/ControlPlaneAvailable").reason == "QuotaTooSmall"
        assert inside.condition("quota", "Cluster/c/Available").status == "True", inside.bad("quota")
        inside.stage.quiet()
        assert inside.reconcile("quota").is_completed()
        assert inside.stage.changes() == []
    finally:
        inside.stage.post("quotas", {"instances": 10})
    inside.ready(spec)
    assert not [path for path, _ in inside.status("quota").root.walk() if PREFLIGHT in path]
    inside.silent(spec)
    inside.gone("quota")


def test_wrong_password_means_unknown_and_nothing_is_touched(inside, impatient):
    """A cloud that lets us in no more is not an empty cloud: nothing is created or deleted, and the status says why."""

    def login(password: str) -> None:
        cloud = inside.stage.get("credentials")["clouds"]["lab"]
        auth = cloud["auth"]
        block = OpenStackCloud(
            auth_url=auth["auth_url"],
            region=cloud["region_name"],
            username=auth["username"],
            password=SecretStr(password),
            project_name=auth["project_name"],
            ssh_port=2222,
        )
        block.save("fragile", overwrite=True)

    right = inside.stage.get("credentials")["clouds"]["lab"]["auth"]["password"]
    login(right)
    infrastructure = {"type": "openstack", "cloud": "fragile", "image": "ubuntu-24.04", "externalNetwork": "public"}
    small = a_small_federation("auth", a_small_cluster("a", infrastructure=infrastructure))
    large = a_small_federation("auth", a_small_cluster("a", workers=1, infrastructure=infrastructure))
    inside.ready(small)
    login("wrong")
    inside.stage.quiet()
    assert inside.apply(large).is_completed()
    assert inside.stage.changes() == []
    seen = inside.condition("auth", "Cluster/a/InfrastructureReady")
    assert (seen.status, seen.reason) == ("Unknown", "AuthenticationRejected")
    assert inside.condition("auth", "Federation/auth/Converged").status != "True"
    login(right)
    inside.ready(large)
    inside.gone("auth")


def test_host_that_does_not_answer_holds_up_nobody_else(inside, impatient):
    """A host behind a cut link leaves its cluster Unknown; the other is built; the next reconcile makes up for it."""
    spec = a_small_federation("mute", on_hosts("a", "rose-1"), a_small_cluster("b"))
    inside.stage.post("partitions", {"between": ["flotilla", "rose-1"], "mode": "refuse"})
    inside.apply(spec)
    found = inside.condition("mute", "Machine/rose-1/InfrastructureReady")
    assert (found.status, found.reason) == ("False", "MachineStopped")
    assert inside.condition("mute", "Cluster/a/ControlPlaneAvailable").reason == "HostUnreachable"
    assert inside.condition("mute", "Cluster/b/Available").status == "True", inside.bad("mute")
    inside.stage.heal()
    assert inside.reconcile("mute").is_completed()
    inside.silent(spec)
    inside.gone("mute")


def test_silent_host_of_a_pool_keeps_its_place(inside, impatient):
    """A worker that SSH does not reach for a moment is not lost: no other host is taken for it."""
    pool = {"workers": [{"name": "pc", "count": 1}]}
    spec = a_small_federation("pool", {**on_hosts("a", "rose-1"), **pool})
    inside.ready(spec)
    workers = [part.name for part in inside.status("pool").root.parts[0].parts if part.facts["role"] == "worker"]
    inside.stage.post("partitions", {"between": ["flotilla", workers[0]], "mode": "refuse"})
    inside.stage.quiet()
    inside.reconcile("pool")
    assert inside.stage.changes() == []
    inside.stage.heal()
    inside.silent(spec)
    inside.gone("pool")


def test_control_plane_that_does_not_start_tells_its_log(inside, impatient):
    """kubeadm fails: the condition has the reason, the run in Prefect the end of its log; the next run succeeds."""
    kubeadm = {"type": "kubeadm", "version": "v1.36.4"}
    spec = a_small_federation("init", a_small_cluster("a", distribution=kubeadm), a_small_cluster("b"))
    words = "[ERROR DiskPressure]: the disk is full"
    rule = {"wire": "ssh", "method": "exec", "path": r"systemd-run.*kubeadm init", "count": 1}
    inside.stage.post("faults", {**rule, "action": {"exit_code": 1, "stderr": words}})
    state = inside.apply(spec)
    assert state.is_failed()
    assert words in inside.log(state.state_details.flow_run_id, words)
    failed = inside.condition("init", "Cluster/a/ControlPlaneAvailable")
    assert (failed.status, failed.reason) == ("False", "CommandFailed")
    assert inside.condition("init", "Cluster/b/Available").status == "True"
    assert inside.reconcile("init").is_completed()
    inside.silent(spec)
    inside.gone("init")


def test_image_that_cannot_be_pulled_is_named(inside, impatient, monkeypatch):
    """The component's condition says what is wrong and the run ends; its neighbour runs, a better image mends it."""
    monkeypatch.setattr(DeployComponent, "patience_s", 1.0)
    bad = a_component("viewer", "a", image="registry.example.org/fail-pull:1")
    broken, mended = (
        a_small_federation(
            "image",
            a_small_cluster("a"),
            applications=[{"name": "tv", "components": [a_component("source", "a"), component]}],
        )
        for component in (bad, a_component("viewer", "a"))
    )
    assert inside.apply(broken).is_completed()
    assert inside.condition("image", "Federation/image/Converged").reason == "StepsLeft"
    found = inside.condition("image", "Component/viewer/Available")
    assert found.status == "False"
    assert "ImagePull" in found.message
    assert inside.condition("image", "Component/source/Available").status == "True"
    inside.ready(mended)
    inside.gone("image")


def test_cluster_behind_a_cut_link_is_left_alone(inside, impatient):
    """Its state is Unknown: nothing is done to it, whatever the spec asks; the others go on."""
    small = a_small_federation("apart", a_small_cluster("a"), a_small_cluster("b"))
    large = a_small_federation("apart", a_small_cluster("a", addons=("metallb",)), a_small_cluster("b", workers=1))
    inside.ready(small)
    before = inside.stage.machine_id("apart-a-cp-0")
    inside.stage.post("partitions", {"between": ["flotilla", "apart-a-cp-0"], "mode": "refuse"})
    inside.stage.quiet()
    inside.apply(large)
    assert not [line for line in inside.stage.changes() if "apart-a" in line or "kubernetes/a " in line]
    assert inside.condition("apart", "Cluster/a/ControlPlaneAvailable").status == "Unknown"
    assert inside.condition("apart", "Cluster/b/Available").status == "True", inside.bad("apart")
    inside.stage.heal()
    inside.ready(large)
    assert inside.stage.machine_id("apart-a-cp-0") == before
    inside.gone("apart")


@pytest.mark.parametrize("accident", ["kill", "destroy"])
def test_lost_machine_is_replaced(inside, accident):
    """A worker that dies, or that somebody deletes: the next reconcile makes another, and only it."""
    spec = a_small_federation(accident, a_small_cluster("a", workers=1))
    inside.ready(spec)
    victim, other = f"{accident}-a-default-0", f"{accident}-a-cp-0"
    ids = inside.stage.machine_id(victim), inside.stage.machine_id(other)
    inside.stage.post(f"machines/{victim}/{accident}")
    inside.stage.wait(lambda: _notices(inside, spec.name), "a reconcile that replaces the machine")
    now = inside.stage.machine_id(victim), inside.stage.machine_id(other)
    assert now[0] not in (None, ids[0])
    assert now[1] == ids[1]
    inside.silent(spec)
    inside.gone(spec.name)


def _notices(inside, name: str) -> bool:
    """Reconcile as the schedule does, until the run that sees the accident: a node turns NotReady in its own time."""
    before = inside.stage.get("journal")["mutating"]
    inside.reconcile(name)
    return bool(inside.stage.get("journal")["mutating"] > before and inside.status(name).phase == "Ready")


def test_two_applies_at_once_make_everything_once(inside):
    """The second waits for the first, and finds nothing to do."""
    spec = a_small_federation("twice", a_small_cluster("a"))

    async def both() -> list[State[Any]]:
        return list(await asyncio.gather(apply(spec, return_state=True), apply(spec, return_state=True)))

    assert all(state.is_completed() for state in asyncio.run(both()))
    assert inside.stage.machines("twice-") == ["twice-a-cp-0"]
    inside.silent(spec)
    inside.gone("twice")


def test_cluster_that_stands_cannot_be_asked_for_elsewhere(inside, impatient):
    """What it has would stay behind unseen: refused, and nothing is stored. A mistyped cloud may be corrected."""
    wrong = a_small_cluster("a")
    wrong["infrastructure"] = {**wrong["infrastructure"], "cloud": "mistyped"}
    assert "could not look at a" in inside.apply(a_small_federation("mover", wrong)).message
    spec = a_small_federation("mover", a_small_cluster("a"))
    inside.ready(spec)
    state = inside.apply(a_small_federation("mover", on_hosts("a")))
    assert state.is_failed()
    assert "cluster 'a' stands already with infrastructure.type 'openstack'" in state.message
    inside.silent(spec)
    inside.gone("mover")
