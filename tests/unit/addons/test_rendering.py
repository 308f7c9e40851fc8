"""What is installed for an add-on, from the spec alone."""

from __future__ import annotations

from typing import Any

import pytest

from config.catalogue.reading import read_addons, read_repositories
from federation.spec.cluster import Cluster
from federation.spec.digests import digest_for
from federation.spec.links import LINKS, PROFILES
from federation.spec.peering import Profile
from providers.addons.renderers import RENDERERS
from providers.addons.renderers.place import Place
from providers.addons.rendering import Installation, render_installation
from sandbox.charts.repository import repositories
from tests.contract.helm.bench import cluster_with

CATALOGUE = read_addons()
SHARED = {"name": "metallb", "values": {"pools": [{"name": "one", "addresses": ["203.0.113.10/32"],
                                                   "sharedBy": ["ingress-nginx", "liqo"]}]}}  # fmt: skip


def installation(
    name: str, cluster: Cluster, endpoint: str = "192.0.2.1:6443", profile: Profile = "lan"
) -> Installation:
    addon = cluster.addon(name)
    assert addon is not None
    return render_installation(Place("tacfed", cluster, addon, CATALOGUE[name], endpoint, profile))


def test_values_of_the_spec_lie_over_those_of_the_catalogue_and_of_the_cluster() -> None:
    """The author has the last word on each single value."""
    liqo = {"name": "liqo", "values": {"telemetry": {"enabled": True}, "ipam": {"reservedSubnets": ["10.9.0.0/24"]}}}
    values = installation("liqo", cluster_with(liqo)).values
    assert values["telemetry"]["enabled"] is True
    assert values["ipam"]["reservedSubnets"] == ["10.9.0.0/24"]
    assert values["ipam"]["serviceCIDR"] == "10.96.0.0/16"


@pytest.mark.parametrize(
    ("version", "ipam"),
    [("v1.2.0", {"podCIDRs": ["10.244.0.0/16"]}), ("v1.1.2", {"podCIDR": "10.244.0.0/16"})],
)
def test_liqo_is_told_the_pod_network_as_its_version_takes_it(version: str, ipam: dict[str, Any]) -> None:
    """Up to 1.1 the chart takes one network, from 1.2 on a list."""
    values = installation("liqo", cluster_with({"name": "liqo", "version": version})).values
    assert ipam.items() <= values["ipam"].items()


def test_liqos_timers_follow_the_profile_of_the_link() -> None:
    """Nearby they are Liqo's own; over the worst link an answer of the API may take ten round trips of 3 s."""
    nearby, far = (installation("liqo", cluster_with("liqo"), profile=each) for each in ("lan", "worst"))
    assert "gatewayTemplates" not in nearby.values.get("networking", {})
    assert far.values["networking"]["gatewayTemplates"]["ping"]["lossThreshold"] == 20
    assert "--foreign-cluster-ping-timeout=30s" in far.values["controllerManager"]["pod"]["extraArgs"]
    assert nearby.content != far.content


@pytest.mark.parametrize("profile", PROFILES)
def test_a_link_that_is_answered_in_time_is_never_taken_for_dead(profile: Profile) -> None:
    """Three round trips and one lost packet fit into what Liqo allows for an answer of the peer's API."""
    values = installation("liqo", cluster_with("liqo"), profile=profile).values
    flags = values.get("controllerManager", {}).get("pod", {}).get("extraArgs", ["--foreign-cluster-ping-timeout=5s"])
    allowed_s = float(flags[0].partition("=")[2].rstrip("s"))
    assert allowed_s > 5 * LINKS[profile].round_trip_s


def test_own_values_do_not_reach_the_chart() -> None:
    """Pools are ours; MetalLB's chart knows nothing of them."""
    assert installation("metallb", cluster_with(SHARED)).values == {}


def test_pool_becomes_addresses_and_their_announcement_with_our_marks() -> None:
    """One pool and one advertisement, both found again by label."""
    pool, advertisement = installation("metallb", cluster_with(SHARED)).objects
    assert (pool["kind"], pool["spec"]) == ("IPAddressPool", {"addresses": ["203.0.113.10/32"]})
    assert (advertisement["kind"], advertisement["spec"]) == ("L2Advertisement", {"ipAddressPools": ["one"]})
    assert pool["metadata"]["labels"]["flotilla.dev/addon"] == "metallb"


def test_sharers_of_a_pool_ask_for_its_address() -> None:
    """Every sharer's service gets the same key, at the place where its chart takes annotations."""
    cluster = cluster_with(SHARED, "ingress-nginx", "liqo", "traefik")
    wanted = {"metallb.io/allow-shared-ip": "flotilla-one", "metallb.io/address-pool": "one"}
    assert installation("ingress-nginx", cluster).values["controller"]["service"]["annotations"] == wanted
    templates = installation("liqo", cluster).values["networking"]["gatewayTemplates"]
    assert templates["server"]["service"]["annotations"] == wanted
    assert "service" not in installation("traefik", cluster).values


def digest_of(name: str, cluster: Cluster, federation: str = "tacfed") -> str:
    addon = cluster.addon(name)
    assert addon is not None
    return digest_for(federation, cluster, addon, CATALOGUE[name])


def test_digest_follows_everything_that_decides_about_the_installation() -> None:
    """Values, version, network, sharing and federation each make another digest; other add-ons do not."""
    base = cluster_with("ingress-nginx")
    others = [
        cluster_with({"name": "ingress-nginx", "version": "4.15.0"}),
        cluster_with({"name": "ingress-nginx", "values": {"controller": {"replicaCount": 2}}}),
        cluster_with(SHARED, "ingress-nginx"),
        cluster_with("ingress-nginx", network={"podCIDR": "10.9.0.0/16"}),
    ]
    digests = [digest_of("ingress-nginx", cluster) for cluster in (base, *others)]
    digests.append(digest_of("ingress-nginx", base, "another"))
    assert len(set(digests)) == len(digests)
    assert digest_of("ingress-nginx", cluster_with("minio", "ingress-nginx")) == digests[0]


def test_installation_does_not_depend_on_the_order_of_values() -> None:
    """The same values in another order are the same content."""
    forth = cluster_with({"name": "minio", "values": {"a": 1, "b": {"c": 2, "d": 3}}})
    back = cluster_with({"name": "minio", "values": {"b": {"d": 3, "c": 2}, "a": 1}})
    assert installation("minio", forth).content == installation("minio", back).content
    assert digest_of("minio", forth) == digest_of("minio", back)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_definition_refers_to_what_exists(name: str) -> None:
    """Repository and renderer of each definition are known, and the sandbox has every version of its chart."""
    definition = CATALOGUE[name]
    assert definition.repository in read_repositories()
    assert definition.renderer is None or definition.renderer in RENDERERS
    offered = repositories()[definition.repository]
    assert all(f"{definition.chart}-{each.version}.tgz" in offered for each in definition.versions)
