"""Our Kubernetes client and a real API server, with real packets over each of TNO's links between them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.apply import ensure, ensure_gone
from clients.kubernetes.resources import CONFIG_MAP
from federation.spec.links import LINKS, PROFILES
from federation.spec.peering import Profile
from tests.proving import building, wan
from tests.proving.building import Missing
from tests.proving.kubernetes import RealApiServer
from tests.proving.wan_link import FAR, WanLink

pytestmark = pytest.mark.real
OBJECTS: dict[Profile, int] = {"lan": 3, "best": 3, "average": 2, "worst": 1}
"""How many a life is lived with: over Worst one takes a minute."""


@dataclass(frozen=True)
class Distance:
    """A link, and a server at its far end."""

    link: WanLink
    kubeconfig: str
    version: str


@pytest.fixture(scope="module")
def distance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distance]:
    """Both start in some seconds; where they cannot be had, one sentence says why."""
    try:
        kit, programs = wan.find(), building.find()
        with WanLink(kit, f"wan{os.getpid()}") as link:
            server = link.far(lambda: RealApiServer(programs, tmp_path_factory.mktemp("far"), FAR))
            try:
                link.far(server.start)
                yield Distance(link, server.kubeconfig(), link.far(server.version))
            finally:
                link.far(server.close)
    except Missing as why:
        pytest.skip(f"slow link: {why}")


@pytest.mark.parametrize("profile", PROFILES)
def test_objects_are_made_changed_read_and_removed(distance: Distance, profile: Profile, record_property: Any) -> None:
    """Nothing fails, whatever gets lost; the second time writes nothing; the distance is measured as it is."""
    record_property("server", "kube-apiserver over a slow link")
    record_property("version", distance.version)
    distance.link.shape(LINKS[profile])
    client = KubernetesClient(distance.kubeconfig)
    begun = time.monotonic()
    distance.link.near(lambda: _live(client, profile))
    record_property("seconds", round(time.monotonic() - begun, 1))
    measured_s = client.round_trip.seconds
    client.close()
    assert LINKS[profile].round_trip_s <= measured_s < 3 * LINKS[profile].round_trip_s + 1.0


def _live(client: KubernetesClient, profile: Profile) -> None:
    names = [f"{profile}-{number}" for number in range(OBJECTS[profile])]
    for name in names:
        assert ensure(client, _object(name, "red"))
        assert not ensure(client, _object(name, "red"))
        assert ensure(client, _object(name, "blue"))
    found = client.list(CONFIG_MAP, "default", labels={"link": profile})
    assert {each["metadata"]["name"]: each["data"] for each in found} == {name: {"colour": "blue"} for name in names}
    for name in names:
        while not ensure_gone(client, CONFIG_MAP, name, "default"):
            pass
    assert client.list(CONFIG_MAP, "default", labels={"link": profile}) == []
    assert client.reachable()


def _object(name: str, colour: str) -> dict[str, Any]:
    meta = {"name": name, "namespace": "default", "labels": {"link": name.partition("-")[0]}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"colour": colour}}
