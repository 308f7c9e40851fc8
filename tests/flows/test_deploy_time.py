"""The deploy-time experiment on the sandbox."""

from __future__ import annotations

import json

import pytest

from config.settings import settings
from federation.errors import SpecInvalid
from flows.apply import store
from flows.deploy_time import experiment_deploy_time
from tests.stage.specs import a_small_cluster, a_small_federation
from tests.stage.stage import run


def test_every_setup_is_measured_and_nothing_stays(inside):
    """Table, picture and files tell all trials; a federation of somebody else's is not taken for the experiment's."""
    template = a_small_federation("times", a_small_cluster("a"))
    store(a_small_federation("times-deploy-time", a_small_cluster("a")), applied_by="somebody")
    with pytest.raises(SpecInvalid, match="is no experiment"):
        run(experiment_deploy_time(template, ("k3s",), (1,), 1))
    inside.gone("times-deploy-time")
    state = run(experiment_deploy_time(template, ("kubeadm", "k3s"), (2,), 1, return_state=True))
    assert (state.is_completed(), state.message) == (True, "2 of 2 clusters became ready")
    rows = inside.artifacts("times-deploy-time")[0]
    rows = json.loads(rows) if isinstance(rows, str) else rows
    shown = [(row["distribution"], row["nodes"], row["ready"]) for row in rows]
    assert shown == [("kubeadm", "2", "1 of 1"), ("k3s", "2", "1 of 1")]
    assert "data:image/svg+xml" in str(inside.artifacts("times-deploy-time-picture")[0])
    kept = settings().home / "experiments" / "times-deploy-time.json"
    assert [trial["trouble"] for trial in json.loads(kept.read_text())] == ["", ""]
    assert inside.stage.get("leftovers") == {"clean": True, "left": {}}
