"""The table of resources agrees with the definitions that the projects publish."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from clients.kubernetes.resources import KNOWN, Kind, Resource, path_of

CRDS = Path(__file__).parents[4] / "shared" / "data" / "crds"


def test_paths_follow_group_scope_and_namespace():
    """Core, grouped, cluster-scoped and namespaced paths."""
    assert path_of(Kind("v1", "Pod"), Resource("pods"), "x", "p") == "/api/v1/namespaces/x/pods/p"
    assert path_of(Kind("apps/v1", "Deployment"), Resource("deployments")) == "/apis/apps/v1/deployments"
    assert path_of(Kind("v1", "Node"), Resource("nodes", namespaced=False), "x", "n") == "/api/v1/nodes/n"


@pytest.mark.skipif(not CRDS.is_dir(), reason="the published definitions are not here")
def test_known_custom_resources_are_as_published():
    """Plural and scope of every custom kind that we know by heart."""
    published = {
        Kind(f"{spec['group']}/{version['name']}", spec["names"]["kind"]): Resource(
            spec["names"]["plural"], spec["scope"] == "Namespaced"
        )
        for project in ("liqo-v1.2.0", "metallb")
        for path in (CRDS / project).rglob("*.yaml")
        for document in yaml.load_all(path.read_text(), yaml.CSafeLoader)  # the safe loader, in C
        if document and document.get("kind") == "CustomResourceDefinition"
        for spec in [document["spec"]]
        for version in spec["versions"]
    }
    custom = {
        kind: row for kind, row in KNOWN.items() if kind.api_version.split("/")[0].endswith(("liqo.io", "metallb.io"))
    }
    assert len(custom) > 10
    assert {kind: published[kind] for kind in custom} == custom
