"""A federation whose first cluster makes the others by Cluster API, one by each bootstrap provider."""

from __future__ import annotations

from typing import Any

import yaml

from config.catalogue.reading import read_knowledge
from federation.spec.federation import Federation
from federation.spec.loading import load
from tests.stage.specs import a_component
from tests.stage.stage import ROOT

SAMPLE = ROOT / "config" / "federations" / "cluster-api.yaml"
MADE = ("by-kubeadm", "by-k3s", "by-microk8s")
LINKED = {"hq", "by-k3s"}


def the_sample(**changes: dict[str, Any]) -> Federation:
    """The sample, where clusters have changed; the management cluster and one that it makes are peered."""
    document = yaml.safe_load(SAMPLE.read_text())
    for cluster in document["spec"]["clusters"]:
        cluster["addons"] = ["metallb", "liqo"] if cluster["name"] in LINKED else []
        cluster.update(changes.get(cluster["name"].replace("-", "_"), {}))
    components = [a_component("web", "hq", ports=[{"port": 80}]), a_component("store", "by-k3s")]
    document["spec"]["peerings"] = [{"consumer": "hq", "provider": "by-k3s"}]
    document["spec"]["applications"] = [{"name": "shop", "components": components}]
    return load(yaml.safe_dump(document), SAMPLE.name, read_knowledge())


def test_a_management_cluster_makes_changes_and_removes_clusters(inside):
    """Told what to install, made, used, scaled and upgraded, and gone: nothing is left in cloud or management."""
    spec = the_sample()
    assert not inside.apply(spec).is_completed()
    for name in MADE:
        told = inside.condition(spec.name, f"Cluster/{name}/InfrastructureReady")
        assert (told.status, told.reason) == ("False", "ClusterApiMissing")
    assert inside.condition(spec.name, "Cluster/hq/Available").status == "True"

    answer = inside.stage.cli("sandbox", "cluster-api", "hq")
    assert answer.returncode == 0, answer.stderr
    inside.ready(spec)
    inside.silent(spec)
    (shop,) = (part for part in inside.status(spec.name).root.parts if part.kind == "Application")
    assert {part.name: list(part.running) for part in shop.parts} == {"web": ["hq"], "store": ["by-k3s"]}

    more = [{"name": "default", "count": 2, "flavor": "m1.small"}]
    changed = the_sample(
        by_kubeadm={"distribution": {"type": "kubeadm", "version": "v1.36.4"}},
        by_k3s={"workers": more},
        by_microk8s={"distribution": {"type": "microk8s", "version": "v1.36.4"}},
    )
    inside.ready(changed)
    inside.silent(changed)
    made = {part.name: part for part in inside.status(spec.name).root.parts}
    assert len(made["by-k3s"].parts) == 3

    inside.gone(spec.name)
    assert inside.stage.get("leftovers") == {"clean": True, "left": {}}
