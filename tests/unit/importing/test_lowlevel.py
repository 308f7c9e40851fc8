"""LowLevelOrchestrations: each file in ``lowlevel/`` becomes the federation, or is refused, as is said beside it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from federation.importing.lowlevel.conversion import ImportedFederation, import_lowlevel
from federation.importing.lowlevel.options import LowLevelOptions
from federation.importing.reading import Source
from federation.spec.loading import load
from federation.spec.problems import SpecErrors
from tests.unit.spec.knowledge import KNOWLEDGE

HERE = Path(__file__).parent / "lowlevel"
TEXT = (HERE / "charity-lowlevel.yaml").read_text()


def imported(text: str = TEXT, **options) -> ImportedFederation:
    return import_lowlevel(Source(text, "resource"), KNOWLEDGE, LowLevelOptions(**options))


def answer(text: str) -> str:
    """The federation with remarks, or the problems."""
    try:
        found = imported(text)
    except SpecErrors as error:
        return f"{error}\n"
    assert load(found.text, "printed", KNOWLEDGE) == found.federation
    return found.text + "".join(f"# {remark}\n" for remark in found.remarks)


@pytest.mark.parametrize("name", sorted(path.stem for path in HERE.glob("*.yaml")))
def test_resource_is_answered(name: str) -> None:
    """What is printed loads to the federation that was checked; problems have their line in the resource."""
    assert answer((HERE / f"{name}.yaml").read_text()) == (HERE / f"{name}.expected").read_text()


def test_importer_answers_what_the_resource_leaves_open() -> None:
    """Block, network, ingress, direction, profile, host and certificate are the importer's to say."""
    federation = imported(
        name="mine", cloud="hpe", externalNetwork="internet", ingress="traefik", direction="second-consumes",
        profile="average", hosts={"httpbin": "bin.example.org"}, certificates={"httpbin": "bin"},
    ).federation  # fmt: skip
    green, blue = federation.spec.clusters
    infrastructure = blue.infrastructure
    assert infrastructure.type == "openstack"
    assert (infrastructure.cloud, infrastructure.external_network) == ("hpe", "internet")
    assert [addon.name for addon in blue.addons] == ["metallb", "liqo", "traefik"]
    assert [addon.name for addon in green.addons] == ["metallb", "liqo"]
    assert [str(key) for key in federation.directions] == ["blue->green"]
    assert federation.spec.peerings[0].profile == "average"
    port = federation.spec.applications[0].components[0].ports[0]
    assert (port.host, port.tls, port.port, port.target_port) == ("bin.example.org", "bin", 8000, 80)


def test_clusters_without_links_and_public_ports_get_no_addons() -> None:
    """Nothing is installed that nobody needs."""
    lonely = (
        TEXT.replace("    - [green, blue]\n", "")
        .replace("  links:\n", "")
        .replace("is-public: true", "is-public: false")
    )
    assert [cluster.addons for cluster in imported(lonely).federation.spec.clusters] == [(), ()]


def test_ranges_never_overlap_and_stay_when_a_cluster_is_added() -> None:
    """Every cluster has its own pods and services, however many there are."""
    head, _, tail = TEXT.partition("  links:")
    entry = (
        "    - {provider: k3s, name: c%d, kubernetes-version: v1.36.4, control-plane-count: 1, "
        "control-plane-flavor: m1.medium, image: ubuntu-24.04}\n"
    )
    many = imported(f"{head}{''.join(entry % index for index in range(40))}  links:{tail}").federation.spec.clusters
    found = [network for each in many for network in (each.network.pod_cidr, each.network.service_cidr)]
    assert not any(first.overlaps(second) for first, second in combinations(found, 2))
    assert [each.network for each in many[:2]] == [each.network for each in imported().federation.spec.clusters]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"podRange": "10.0.0.0/17"}, "have no /16 for each of 2 clusters"),
        ({"podRange": "10.128.0.0/9"}, "overlap"),
        ({"hosts": {"httpbn": "a.b"}}, "did you mean 'httpbin'?"),
    ],
)
def test_answer_that_does_not_fit_is_refused(options, said) -> None:
    """An option that leads nowhere does not fall under the table."""
    with pytest.raises(SpecErrors, match=said.replace("?", r"\?")):
        imported(**options)
