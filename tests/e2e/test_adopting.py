"""Clusters that exist are adopted by kubeconfig, used by a federation that did not make them, and left as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import DEPLOYMENT, NAMESPACE
from federation.spec.federation import Federation
from federation.spec.marks import FEDERATION
from tests.stage.specs import a_component, a_small_cluster, a_small_federation

YARD, TENANT = "yard", "tenant"
NAMES = {"west": "a", "east": "b"}
BROKER = {"ports": [{"port": 8090, "expose": "peered"}]}


def the_yard(policy: str) -> Federation:
    """Who builds the clusters."""
    clusters = [a_small_cluster(name, deletionPolicy=policy) for name in NAMES.values()]
    return a_small_federation(YARD, *clusters)


def adopted(name: str, block: str | None = None, **more: Any) -> dict[str, Any]:
    """A cluster that exists, with the networks that its builder gave it."""
    infrastructure = {"type": "existing", "kubeconfig": block or name}
    network = a_small_cluster(NAMES[name])["network"]
    return {"name": name, "infrastructure": infrastructure, "network": network, **more}


def the_tenant(*names: str) -> Federation:
    """Who uses them: peered, with an application over both when both are there."""
    clusters = [adopted(name, addons=["metallb", "liqo"]) for name in names]
    components = [a_component("producer", names[0]), a_component("broker", names[-1], **BROKER)]
    peerings = [{"between": list(names)}] if len(names) == 2 else []
    return a_small_federation(
        TENANT, *clusters, peerings=peerings, applications=[{"name": "shop", "components": components}]
    )


@contextmanager
def opened(text: str) -> Iterator[KubernetesClient]:
    """A client of a cluster."""
    client = KubernetesClient(text)
    try:
        yield client
    finally:
        client.close()


def inhabitants(text: str) -> list[str]:
    """Namespaces and workloads of a cluster."""
    with opened(text) as client:
        return sorted(
            f"{kind.kind} {each['metadata']['name']}" for kind in (NAMESPACE, DEPLOYMENT) for each in client.list(kind)
        )


@pytest.fixture(scope="module")
def kubeconfigs(open_stage, surroundings, tmp_path_factory) -> Iterator[dict[str, str]]:
    """Two clusters that somebody built and let go of, each with a kubeconfig that became a block."""
    from tests.stage.inside import Inside

    inside, folder = Inside(open_stage), tmp_path_factory.mktemp("kubeconfigs")
    inside.ready(the_yard("orphan"))
    found = {name: open_stage.cli("get", "kubeconfig", YARD, cluster).stdout for name, cluster in NAMES.items()}
    assert inside.destroy(YARD).is_completed()
    for name, text in found.items():
        made = _block(open_stage, folder / name, text, name)
        assert made.returncode == 0, made.stderr
    yield found
    inside.ready(the_yard("delete"))
    inside.gone(YARD)


def _block(stage: Any, file: Path, text: str, name: str) -> Any:
    file.write_text(text)
    file.chmod(0o600)
    return stage.cli("blocks", "create", "flotilla-cluster-access", name, "-f", str(file))


def test_adopted_clusters_carry_a_federation_and_are_left_as_they_were(inside, kubeconfigs):
    """Add-ons, peering and application go onto them; destroy takes away exactly that, and what others own stays."""
    with opened(kubeconfigs["west"]) as client:
        client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "theirs"}})
    before = {name: inhabitants(text) for name, text in kubeconfigs.items()}

    spec = the_tenant("west", "east")
    inside.ready(spec)
    inside.silent(spec)
    west = next(part for part in inside.status(TENANT).root.parts if part.name == "west")
    assert west.facts["version"].startswith("v1.36.4")
    assert west.facts["nodes"] == "1 node"
    assert "Namespace shop" in inhabitants(kubeconfigs["west"])

    inside.ready(the_tenant("west"))
    assert inhabitants(kubeconfigs["east"]) == before["east"]

    state = inside.destroy(TENANT)
    assert (state.is_completed(), state.message) == (True, "0 left")
    assert {name: inhabitants(text) for name, text in kubeconfigs.items()} == before
    with opened(kubeconfigs["west"]) as client:
        assert client.list(NAMESPACE, labels={FEDERATION: TENANT}) == []


def test_a_kubeconfig_that_opens_nothing_is_a_condition_of_its_cluster_only(inside, kubeconfigs):
    """A missing block and a second name of the same cluster are told; the other cluster is worked on."""
    with opened(kubeconfigs["west"]) as client:
        before = client.list(NAMESPACE)
    _stored_twice(kubeconfigs)
    spec = a_small_federation(
        TENANT, adopted("west"), adopted("east", "nowhere"), {**adopted("west", "west-again"), "name": "twin"}
    )
    assert inside.apply(spec).is_completed()
    assert inside.condition(TENANT, "Cluster/west/Available").status == "True"
    assert inside.condition(TENANT, "Cluster/east/InfrastructureReady").reason == "BlockMissing"
    assert inside.condition(TENANT, "Cluster/twin/ControlPlaneAvailable").reason == "SameCluster"
    assert inside.status(TENANT).phase == "Unknown"

    state = inside.destroy(TENANT)
    assert not state.is_completed()
    assert "1 left: unknown east" in state.message
    inside.ready(a_small_federation(TENANT, adopted("east")))
    state = inside.destroy(TENANT)
    assert (state.is_completed(), state.message) == (True, "0 left")
    with opened(kubeconfigs["west"]) as client:
        assert client.list(NAMESPACE) == before


def _stored_twice(kubeconfigs: dict[str, str]) -> None:
    from pydantic import SecretStr

    from blocks.credentials import ClusterAccess

    ClusterAccess(kubeconfig=SecretStr(kubeconfigs["west"])).save("west-again", overwrite=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("certificate-authority-data:", "insecure-skip-tls-verify: true\n    unused:"), "skips TLS verification"),
        (("client-certificate-data:", "exec: {command: aws}\n    unused:"), "logs in by 'exec'"),
        (("https://", "http://"), "not an https:// address"),
    ],
)
def test_a_kubeconfig_that_may_not_be_used_is_refused_when_it_is_given(stage, kubeconfigs, tmp_path, change, said):
    """No block is made of it, and nothing of it is run or shown."""
    given = kubeconfigs["west"]
    changed = given.replace(*change)
    assert changed != given
    refused = _block(stage, tmp_path / "bad", changed, "bad")
    assert refused.returncode == 2
    assert said in refused.stderr
