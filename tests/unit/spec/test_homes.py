"""Homes of applications."""

from __future__ import annotations

import pytest

from federation.spec.federation import Federation
from federation.spec.homes import home_of
from federation.spec.loading import parse

HEAD = """\
apiVersion: flotilla.dev/v1alpha1
kind: Federation
metadata: {name: tac}
spec:
  defaults:
    infrastructure: {type: openstack, cloud: lab, image: x, externalNetwork: public}
    distribution: {type: k3s, version: v1.36.4+k3s1}
  clusters: [{name: a}, {name: b}, {name: c}]
"""


def federation_of(peerings: str, components: str) -> Federation:
    return parse(f"{HEAD}  peerings: [{peerings}]\n  applications: [{{name: shop, components: [{components}]}}]\n")


def component(name: str, cluster: str, expose: str = "cluster") -> str:
    return f"{{name: {name}, image: x, placement: {{cluster: {cluster}}}, ports: [{{port: 1, expose: {expose}}}]}}"


@pytest.mark.parametrize(
    ("peerings", "components", "home"),
    [
        pytest.param("", component("x", "b"), "b", id="alone"),
        pytest.param("", component("x", "a") + "," + component("y", "b"), None, id="not-peered"),
        pytest.param("{consumer: b, provider: a}", component("x", "a") + "," + component("y", "b"), "b", id="one-way"),
        pytest.param("{between: [a, b]}", component("x", "a") + "," + component("y", "b"), "a", id="spec-order"),
        pytest.param(
            "{between: [a, b]}",
            ",".join([component("x", "a"), component("y", "b"), component("z", "b")]),
            "b",
            id="most-components",
        ),
        pytest.param(
            "{between: [a, b]}",
            ",".join([component("x", "a", "public"), component("y", "b"), component("z", "b")]),
            "a",
            id="most-public",
        ),
        pytest.param(
            "{consumer: c, provider: a}, {consumer: c, provider: b}",
            component("x", "a") + "," + component("y", "b"),
            "c",
            id="without-components",
        ),
        pytest.param(
            "{consumer: a, provider: b}, {consumer: a, provider: c}",
            "{name: x, image: x, replicas: 2, placement: {clusters: [b, c]}}",
            "a",
            id="several-clusters",
        ),
        pytest.param(
            "{between: [a, b]}",
            component("x", "b") + ", {name: y, image: x, placement: {stay: true}}",
            "b",
            id="what-stays-has-no-say",
        ),
        pytest.param("{between: [a, b]}", "{name: y, image: x, placement: {stay: true}}", None, id="all-stay"),
    ],
)
def test_home_consumes_from_all_others(peerings: str, components: str, home: str | None) -> None:
    """The home reaches every component; public ones weigh more than others, the spec's order decides last."""
    federation = federation_of(peerings, components)
    assert home_of(federation, federation.spec.applications[0]) == home
