"""A machine that does not become a node says why: in the condition, in the run's log, in an artifact."""

from __future__ import annotations

import pytest

from federation.planning.actions import CreateMachine, JoinNode
from flows.workplace import open_bench
from tasks import performing
from tests.stage.specs import a_small_cluster, a_small_federation

FIRST, WORKER = "seen-a-cp-0", "seen-a-default-0"


@pytest.fixture
def hasty(monkeypatch):
    """Little time for a machine to come up and a node to join, and no second try."""
    monkeypatch.setattr(performing.perform, "retries", 0)
    monkeypatch.setattr(performing, "PATIENCE_S", 1.0)
    return lambda action, seconds: monkeypatch.setattr(action, "deadline_s", seconds)


def test_why_a_machine_does_not_become_a_node_is_seen_without_logging_in(inside, hasty):
    """First a kernel that panics, then a cloud-init that fails and an agent that takes too long."""
    spec = a_small_federation("seen", a_small_cluster("a", workers=1))
    stage = inside.stage
    stage.put("openstack", {"boots": {FIRST: "panic", WORKER: "cloud-init-error"}})
    hasty(CreateMachine, 3.0)
    assert inside.apply(spec).is_failed()
    message = inside.condition("seen", "Cluster/a/ControlPlaneAvailable").message
    assert "shows no SSH host key yet; its console: Kernel panic - not syncing: VFS" in message
    assert "Unable to mount root fs" in inside.artifacts(f"seen-evidence-{FIRST}")[0]

    hasty(CreateMachine, 60.0)
    hasty(JoinNode, 3.0)
    stage.put("openstack", {"boots": {}})
    stage.put(f"machines/{FIRST}/traits", {})
    stage.post(f"machines/{FIRST}/start")
    stage.put("pacing", {"overrides": {"k3s.agent": 9.0}})
    assert inside.reconcile("seen").is_failed()
    message = inside.condition("seen", f"Machine/{WORKER}/NodeReady").message
    kept = inside.artifacts(f"seen-evidence-{WORKER}")[0]
    assert "cloud-init status: Failed to run module package-update-upgrade-install" in message
    assert "### k3s-agent" in kept
    assert "K10" not in kept

    stage.put("pacing", {"overrides": {}})
    hasty(JoinNode, 60.0)
    inside.ready(spec)
    a_node_that_is_not_ready_any_more_says_why_too(inside, spec)
    inside.gone("seen")


def a_node_that_is_not_ready_any_more_says_why_too(inside, spec):
    """Held by a pause its machine stays, and its condition says why; then it is heard before it is replaced."""
    before = inside.stage.machine_id(WORKER)
    with inside.registry() as registry:
        bench = open_bench(registry, spec)
        with bench.session("a", WORKER) as session:
            session.run(["systemctl", "stop", "k3s-agent"], sudo=True)
        bench.close()
    paused = a_small_federation("seen", a_small_cluster("a", workers=1, paused=True))

    def said() -> str:
        assert inside.apply(paused).is_completed()
        return inside.condition("seen", f"Machine/{WORKER}/NodeReady").message

    message = inside.stage.wait(lambda: found if "Kubelet" in (found := said()) else "", "a node that is not ready")
    assert "cloud-init status: Failed to run module" in message
    kept = inside.artifacts(f"seen-evidence-{WORKER}")
    assert "### k3s-agent" in kept[0]
    said()
    assert inside.artifacts(f"seen-evidence-{WORKER}") == kept, "what the status says already is not kept again"
    inside.ready(spec)
    assert inside.stage.machine_id(WORKER) not in (None, before)
