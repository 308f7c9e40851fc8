"""Clusters after their first day: they grow, are upgraded, lose machines, shrink, and leave nothing behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from blocks.vault import BlockVault
from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE
from federation.spec.federation import Federation
from tasks import registering
from tests.stage.specs import a_small_cluster, a_small_federation

NAME = "days"
TYPES = {"a": "kubeadm", "b": "k3s", "c": "microk8s"}
OLD = {"a": "v1.34.2", "b": "v1.34.2+k3s1", "c": "v1.34.2"}
NEW = {"a": "v1.35.4", "b": "v1.35.4+k3s1", "c": "v1.35.4"}


def a_fleet(versions: dict[str, str], planes: int, workers: int) -> Federation:
    """A cluster of each distribution; kubeadm's has a worker, the others have as many as are asked for."""
    return a_small_federation(
        NAME,
        *(
            a_small_cluster(
                name,
                workers=1 if name == "a" else workers,
                distribution={"type": TYPES[name], "version": versions[name]},
                controlPlane={"count": planes, "flavor": "m1.medium"},
            )
            for name in TYPES
        ),
    )


def runs(inside: Any, federation: str = NAME) -> dict[str, set[str]]:
    """Versions of the nodes of each cluster, from the published status."""
    clusters = inside.status(federation).root.parts
    return {each.name: {machine.facts.get("version", "") for machine in each.parts} for each in clusters}


def assert_runs(inside: Any, versions: dict[str, str]) -> None:
    """Every node runs what was asked for; which patch of MicroK8s that is, its store decides."""
    seen = runs(inside)
    minor = {version.rpartition(".")[0] for version in seen["c"]}
    assert seen | {"c": minor} == {name: {version} for name, version in versions.items()} | {
        "c": {versions["c"].rpartition(".")[0]}
    }


@pytest.fixture
def room(stage: Any) -> Iterator[None]:
    """A project that may have twice as many servers as usual."""
    stage.post("quotas", {"instances": 20})
    yield
    stage.post("quotas", {"instances": 10})


@pytest.mark.usefixtures("room")
def test_a_cluster_of_each_distribution_lives_through_its_days(inside: Any, tmp_path: Any) -> None:
    """Create, scale up, upgrade with a kill in the middle, lose a worker and a member, scale down, delete."""
    stage = inside.stage
    small, large, upgraded, again = a_fleet(OLD, 1, 0), a_fleet(OLD, 3, 1), a_fleet(NEW, 3, 1), a_fleet(NEW, 1, 0)
    inside.ready(small)
    assert_runs(inside, OLD)
    inside.ready(large)
    assert len(stage.machines(f"{NAME}-")) == 12

    skipping = inside.apply(a_fleet(NEW | {"a": "v1.36.4"}, 3, 1))
    assert skipping.is_failed()
    assert "write a version of v1.35 first" in str(skipping.message)

    killed_in_the_middle(stage, upgraded, tmp_path)
    inside.ready(upgraded)
    assert_runs(inside, NEW)
    inside.silent(upgraded)
    back = inside.apply(large)
    assert back.is_failed()
    assert "cannot be taken back to v1.34.2" in str(back.message)

    for lost in (f"{NAME}-a-cp-2", f"{NAME}-b-default-0", f"{NAME}-c-cp-1"):
        before = stage.machine_id(lost)
        stage.post(f"machines/{lost}/destroy")
        inside.ready(upgraded)
        assert stage.machine_id(lost) not in (None, before)
    standing = stage.get("status")["clusters"]
    assert {len(each["members"]) for each in standing} == {4}

    inside.ready(again)
    assert len(stage.machines(f"{NAME}-")) == 4
    inside.silent(again)
    inside.gone(NAME)


def killed_in_the_middle(stage: Any, spec: Federation, folder: Any) -> None:
    """SIGKILL, while a node is being upgraded."""
    file = folder / "spec.yaml"
    file.write_text(yaml.safe_dump(spec.model_dump(mode="json", by_alias=True, exclude_none=True)))
    stage.post("faults", {"wire": "ssh", "count": None, "action": {"delay_s": 0.1}})
    stage.quiet()
    command = stage.start("apply", "-f", str(file))
    stage.wait(lambda: any("kubeadm-upgrade" in line for line in stage.changes()), "an upgrade that has begun")
    code, said = stage.interrupt(command, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert "Traceback" not in said
    stage.heal()


def test_bare_hosts_are_upgraded_and_a_lost_one_is_stood_in_for(inside: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Upgrade in place; a host dies and the first spare that is good steps in; it comes back and takes its place."""
    stage, (old, new) = inside.stage, (on_bare_hosts(OLD["a"]), on_bare_hosts(NEW["a"]))
    inside.ready(old)
    inside.ready(new)
    assert runs(inside, new.name) == {"a": {NEW["a"]}}
    inside.silent(new)

    stage.put("machines/u3/traits", {"listening": {"10250": "nginx"}})
    stage.post("machines/u2/kill")
    stage.wait(lambda: hosts_after_a_reconcile(inside) == {"u1", "u4"}, "the second spare to step in")
    inside.silent(new)
    stage.post("machines/u2/start")
    stage.put("machines/u3/traits", {})
    stage.wait(lambda: hosts_after_a_reconcile(inside) == {"u1", "u2"}, "the lost host to be back")

    monkeypatch.setattr(registering, "REGISTERS_WITHIN_S", 0.0)
    kubernetes = KubernetesClient(BlockVault().kubeconfig(new.name, "a") or "")
    kubernetes.delete(NODE, "u2")
    kubernetes.close()
    inside.ready(new)
    inside.gone(new.name)


def on_bare_hosts(version: str) -> Federation:
    """A cluster on two hosts, with two spares."""
    hosts: dict[str, Any] = {
        "infrastructure": {"type": "hosts", "inventory": "ffi"},
        "distribution": {"type": "kubeadm", "version": version},
        "controlPlane": {"count": 1, "hosts": ["u1"]},
        "spares": ["u3", "u4"],
    }
    workers = [{"name": "default", "count": 1, "hosts": ["u2"]}]
    return a_small_federation("bare", a_small_cluster("a", workers=1, **hosts) | {"workers": workers})


def hosts_after_a_reconcile(inside: Any) -> set[str]:
    """The hosts of the cluster, once one more run has ended with all well."""
    inside.reconcile("bare")
    status = inside.status("bare")
    return {machine.name for machine in status.root.parts[0].parts} if status.phase == "Ready" else set()
