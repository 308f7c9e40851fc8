"""Add-ons of the catalogue on a real control plane, by the real Helm, with the published definitions in the charts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.helm.client import HelmClient
from clients.helm.library import HelmLibrary
from clients.kubernetes.resources import DEPLOYMENT, NAMESPACE, SERVICE, Kind
from federation.errors import TerminalError
from federation.spec.cluster import Cluster
from federation.spec.digests import digest_for
from providers.addons.installer import HelmAddOns
from providers.contracts import Side
from sandbox.charts import repository
from sandbox.charts.app import charts_app
from sandbox.front import FrontListener
from tests.contract.helm.test_addons import CATALOGUE, POOL, KeptKubeconfig, cluster_with, metallb
from tests.contract.providers.liqo_fleet import FEDERATION
from tests.contract.providers.real_fleet import RealFleet
from tests.networks import reserve_prefix
from tests.proving.building import Missing
from tests.proving.control_plane import find
from tests.unit.kubernetes.served import Background

pytestmark = pytest.mark.real

PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "crds"
POOLS = Kind("metallb.io/v1beta1", "IPAddressPool")


def published(folder: str) -> list[dict[str, Any]]:
    """The published definitions of a project."""
    return [yaml.safe_load(path.read_text()) for path in sorted((PUBLISHED / folder).glob("*.yaml"))]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealFleet]:
    try:
        made = RealFleet(find(), tmp_path_factory.mktemp("addons"), "a")
    except Missing as reason:
        pytest.skip(f"no real control plane: {reason}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def charts() -> Iterator[dict[str, str]]:
    """Chart repositories by name; their charts bring the published definitions where those are at hand."""
    host, background = f"{reserve_prefix()}.0.1", Background()
    with pytest.MonkeyPatch.context() as patch:
        if PUBLISHED.is_dir():
            patch.setattr(repository, "metallb_crds", lambda: published("metallb"))
            patch.setattr(repository, "liqo_crds", lambda: published("liqo-v1.2.0"))
        repository.repositories.cache_clear()
        front = FrontListener(charts_app(), host, 0)
        port = background.run(front.start())
        yield {name: f"http://{host}:{port}/{name}" for name in repository.repositories()}
        background.run(front.stop())
        repository.repositories.cache_clear()
    background.close()


@pytest.fixture(scope="module")
def side(fleet: RealFleet) -> Side:
    return fleet.side("a")


@pytest.fixture(scope="module")
def installer(fleet: RealFleet, charts: dict[str, str]) -> Iterator[HelmAddOns]:
    """The product's installer with the library of Helm."""
    helm = HelmClient(charts, HelmLibrary())
    kubeconfig = fleet.clusters["a"].server.kubeconfig()
    yield HelmAddOns(helm, KeptKubeconfig(kubeconfig))  # type: ignore[arg-type]  # only this is used
    helm.close()


@pytest.fixture(autouse=True)
def _told_in_the_table(fleet: RealFleet, record_property: Any) -> None:
    record_property("server", "Kubernetes: add-ons")
    record_property("version", fleet.clients["a"].version())


def ensure(fleet: RealFleet, installer: HelmAddOns, side: Side, cluster: Cluster, name: str) -> None:
    """Steps until done."""
    addon = cluster.addon(name)
    assert addon is not None
    fleet.drive(lambda: installer.ensure(side, cluster, addon, CATALOGUE[name]))


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_addon_is_installed_once_and_removed_without_trace(
    fleet: RealFleet, installer: HelmAddOns, side: Side, name: str
) -> None:
    """It becomes ready by its leaf objects; asked again, nothing is written; removed, its namespace goes."""
    cluster = cluster_with(name)
    ensure(fleet, installer, side, cluster, name)
    (seen,) = installer.observe(side, CATALOGUE)
    assert (seen.name, seen.ready) == (name, True), seen
    assert seen.digest == digest_for(FEDERATION, cluster, cluster.addons[0], CATALOGUE[name])
    fleet.mutations()
    ensure(fleet, installer, side, cluster, name)
    assert fleet.mutations() == []
    fleet.drive(partial(installer.remove, side, CATALOGUE[name]))
    assert installer.observe(side, CATALOGUE) == ()
    assert side.kubernetes.get(NAMESPACE, CATALOGUE[name].namespace) is None


def test_pools_are_made_changed_and_dropped(fleet: RealFleet, installer: HelmAddOns, side: Side) -> None:
    """Own objects satisfy the published definitions and follow the spec."""
    spare = POOL | {"name": "spare", "sharedBy": []}
    ensure(fleet, installer, side, cluster_with(metallb(pools=[POOL, spare])), "metallb")
    assert sorted(pool["metadata"]["name"] for pool in side.kubernetes.list(POOLS)) == ["edge", "spare"]
    ensure(fleet, installer, side, cluster_with(metallb(pools=[POOL | {"addresses": ["192.0.2.50/32"]}])), "metallb")
    assert [pool["spec"]["addresses"] for pool in side.kubernetes.list(POOLS)] == [["192.0.2.50/32"]]
    fleet.drive(partial(installer.remove, side, CATALOGUE["metallb"]))


def test_published_definitions_refuse_what_is_wrong(fleet: RealFleet, installer: HelmAddOns, side: Side) -> None:
    """The server's refusal reaches us as one of our errors."""
    ensure(fleet, installer, side, cluster_with("metallb"), "metallb")
    pool = {"apiVersion": POOLS.api_version, "kind": POOLS.kind, "spec": {"addresses": "all"}}
    with pytest.raises(TerminalError, match="addresses"):
        side.kubernetes.apply({**pool, "metadata": {"name": "wrong", "namespace": "metallb-system"}})
    fleet.drive(partial(installer.remove, side, CATALOGUE["metallb"]))


def test_what_another_hand_removed_comes_back(fleet: RealFleet, installer: HelmAddOns, side: Side) -> None:
    """A leaf object that is gone is seen, and the same step repairs it; what is not ours keeps the namespace."""
    cluster = cluster_with("minio")
    ensure(fleet, installer, side, cluster, "minio")
    side.kubernetes.delete(DEPLOYMENT, "minio", "minio")
    (seen,) = installer.observe(side, CATALOGUE)
    assert not seen.ready
    ensure(fleet, installer, side, cluster, "minio")
    assert side.kubernetes.get(DEPLOYMENT, "minio", "minio") is not None
    meta = {"name": "mine", "namespace": "minio"}
    side.kubernetes.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}})
    fleet.drive(partial(installer.remove, side, CATALOGUE["minio"]))
    assert side.kubernetes.get(SERVICE, "mine", "minio") is not None
    assert side.kubernetes.get(SERVICE, "minio", "minio") is None
