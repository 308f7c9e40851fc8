"""One add-on through its whole life: installed in an older version, asked for again, upgraded, removed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from clients.kubernetes.resources import DEFINITION
from config.catalogue.reading import read_addons
from federation.spec.addon import AddOnDefinition
from federation.spec.cluster import Cluster
from federation.spec.digests import digest_for
from federation.spec.federation import Federation
from providers.addons.installer import HelmAddOns
from providers.contracts import Progress, Side
from tests.addons.footprint import Footprint, footprint, written

CATALOGUE = read_addons()
MINOR, KUBERNETES = "v1.36", "v1.36.4+k3s1"
_SETTLE_S = 60.0


class Bench(Protocol):
    """A cluster, and the product's installer in front of it."""

    side: Side
    installer: HelmAddOns

    def until_done(self, step: Callable[[], Progress]) -> None:
        """Repeat a step until it is done."""


@dataclass(frozen=True)
class Life:
    """What was seen.

    Attributes:
        older: Version that was installed.
        newer: Version that it became.
        seconds: How long the installation, the second one, the upgrade and the removal took.
        objects: Objects in the cluster because of the add-on, of which ``wide`` have no namespace.
        again: What the second installation wrote.
        left: What was there after the removal and not before.
    """

    addon: str
    older: str
    newer: str
    seconds: tuple[float, float, float, float]
    objects: int
    wide: int
    again: tuple[str, ...]
    left: tuple[str, ...]


def cluster_with(name: str, version: str) -> Cluster:
    """A cluster with one add-on."""
    cluster = {
        "name": "a",
        "infrastructure": {"type": "openstack", "cloud": "lab", "image": "x", "externalNetwork": "public"},
        "distribution": {"type": "k3s", "version": KUBERNETES},
        "addons": [{"name": name, "version": version}],
    }
    document = {"apiVersion": "flotilla.dev/v1alpha1", "kind": "Federation", "metadata": {"name": "tacfed"}}
    return Federation.model_validate({**document, "spec": {"clusters": [cluster]}}).spec.clusters[0]


def live(bench: Bench, definition: AddOnDefinition) -> Life:
    """Go through a life, step by step."""
    newer, older = versions_of(definition)
    before = footprint(bench.side.kubernetes)
    install_s = _ensure(bench, definition, older)
    settled = _settled(bench)
    added = [title for title in settled if title not in before]
    again_s = _ensure(bench, definition, older)
    again = written(settled, _settled(bench))
    upgrade_s = _ensure(bench, definition, newer)
    _check_upgraded(bench, definition, newer)
    remove_s = _timed(bench, lambda: bench.installer.remove(bench.side, definition))
    left = [title for title in _gone(bench, before) if title not in before]
    wide = [title for title in added if "/" not in title]
    return Life(
        definition.name, older, newer, (install_s, again_s, upgrade_s, remove_s), len(added), len(wide), tuple(again),
        tuple(left),
    )  # fmt: skip


def versions_of(definition: AddOnDefinition) -> tuple[str, str]:
    """The newest version for the cluster's minor, and the one before it."""
    newer, older = [each.version for each in definition.versions if each.kubernetes.include(MINOR)][:2]
    return newer, older


def _ensure(bench: Bench, definition: AddOnDefinition, version: str) -> float:
    cluster = cluster_with(definition.name, version)
    return _timed(bench, lambda: bench.installer.ensure(bench.side, cluster, cluster.addons[0], definition))


def _timed(bench: Bench, step: Callable[[], Progress]) -> float:
    begun = time.monotonic()
    bench.until_done(step)
    return time.monotonic() - begun


def _check_upgraded(bench: Bench, definition: AddOnDefinition, version: str) -> None:
    """The record, the readiness and the definitions are those of the newer version."""
    cluster = cluster_with(definition.name, version)
    (seen,) = bench.installer.observe(bench.side, CATALOGUE)
    wanted = digest_for(bench.side.federation, cluster, cluster.addons[0], definition)
    assert (seen.name, seen.digest, seen.ready) == (definition.name, wanted, True), seen
    about = definition.custom_resources
    found = [each for each in bench.side.kubernetes.list(DEFINITION) if about and each["spec"]["group"] in about.groups]
    assert bool(found) == (about is not None)
    told = {(each["metadata"].get("labels") or {}).get("standin/version", version) for each in found}
    assert told <= {version}, f"definitions of {told}"


def _settled(bench: Bench) -> Footprint:
    """The footprint once nothing changes any more."""
    deadline, last = time.monotonic() + _SETTLE_S, footprint(bench.side.kubernetes)
    while time.monotonic() < deadline:
        time.sleep(0.1)
        now = footprint(bench.side.kubernetes)
        if not written(last, now):
            return now
        last = now
    raise AssertionError("the cluster does not come to rest")


def _gone(bench: Bench, before: Footprint) -> Footprint:
    """The footprint after what goes by itself has gone."""
    deadline, now = time.monotonic() + _SETTLE_S, footprint(bench.side.kubernetes)
    while now.keys() - before.keys() and time.monotonic() < deadline:
        time.sleep(0.1)
        now = footprint(bench.side.kubernetes)
    return now
