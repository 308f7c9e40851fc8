"""Whatever a foreign document says, an import answers with something valid or with problems that have a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from config.catalogue.reading import read_tosca_profile
from federation.importing.joining import import_into_text
from federation.importing.reading import Source
from federation.importing.tosca.conversion import import_tosca
from federation.importing.tosca.options import ToscaOptions
from federation.importing.writing import render_yaml, written
from federation.spec.application import Application
from federation.spec.document import parse_document
from federation.spec.loading import load
from federation.spec.problems import SpecErrors
from tests.properties.test_spec import JUNK, paths, put
from tests.unit.spec.knowledge import KNOWLEDGE

GOOD = Path(__file__).parents[1] / "unit" / "importing" / "good"
BLUEPRINTS = {path.stem: path.read_text() for path in sorted(GOOD.glob("*.yaml"))}
OPTIONS = ToscaOptions(place={"CLOUD": "green", "EDGE": "rose"})
INTO = """\
apiVersion: flotilla.dev/v1alpha1
kind: Federation
metadata: {name: no}
spec:
  defaults:
    infrastructure: {type: openstack, cloud: lab, image: "1.10", externalNetwork: public}
    distribution: {type: kubeadm, version: v1.36.4}
    controlPlane: {flavor: m1.medium}
    addons: [metallb, liqo, ingress-nginx]
  clusters:
    - {name: green, labels: {placement-hint: cloud}, network: {podCIDR: 10.50.0.0/16, serviceCIDR: 10.150.0.0/16}}
    - {name: rose, labels: {placement-hint: edge}, network: {podCIDR: 10.60.0.0/16, serviceCIDR: 10.160.0.0/16}}
  peerings: [{between: [green, rose]}]
"""


def answered(text: str) -> Application | SpecErrors:
    """The application, or its problems, each of which is in the text and says something."""
    try:
        return import_tosca(Source(text, "blueprint"), read_tosca_profile(), OPTIONS).application
    except SpecErrors as error:
        answer = error
    assert answer.problems
    assert all(problem.message and problem.column >= 1 for problem in answer.problems)
    assert all(1 <= problem.line <= text.count("\n") + 2 for problem in answer.problems)
    return answer


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_blueprint_with_any_value_replaced_is_answered(data: st.DataObject) -> None:
    """One field of a good blueprint holds anything at all."""
    tree = yaml.safe_load(BLUEPRINTS[data.draw(st.sampled_from(sorted(BLUEPRINTS)))])
    for _ in range(data.draw(st.integers(1, 3))):
        tree = put(tree, data.draw(st.sampled_from(paths(tree))), data.draw(JUNK))
    answered(yaml.safe_dump(tree, sort_keys=False))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_order_of_nodes_and_requirements_means_nothing(data: st.DataObject) -> None:
    """A front end may write its nodes in any order: the application is the same, so a second import changes nothing."""
    text = BLUEPRINTS[data.draw(st.sampled_from(sorted(BLUEPRINTS)))]
    tree = yaml.safe_load(text)
    nodes = tree["topology_template"]["node_templates"]
    for node in nodes.values():
        if "requirements" in node:
            node["requirements"] = data.draw(st.permutations(node["requirements"]))
    tree["topology_template"]["node_templates"] = dict(data.draw(st.permutations(list(nodes.items()))))
    assert answered(yaml.safe_dump(tree, sort_keys=False)) == answered(text)


NAMES = st.sampled_from(["api", "db", "web", "cache", "worker"])
LINKS = st.sampled_from(["one", "two", "three"])
SIZES = st.sampled_from(["512 MB", "1 GiB", "1500 kB", "0 MB", "2.5 GB"])


@st.composite
def topologies(draw: st.DrawFn) -> dict[str, Any]:
    """Blueprints without a mistake: components with links, ports, hosts and bounds as chance has it."""
    nodes: dict[str, Any] = {link: {"type": "Charity.VirtualLink", "properties": {"latency_max": "1 s"}}
                             for link in ("one", "two", "three")}  # fmt: skip
    for name in draw(st.lists(NAMES, min_size=1, unique=True)):
        hint = draw(st.sampled_from(["CLOUD", "EDGE"]))
        properties: dict[str, Any] = {
            "deployment_unit": "K8S_POD",
            "placement_hint": hint,
            "image": f"example/{name}:1",
        }
        if draw(st.booleans()):
            properties["port"] = draw(st.integers(1, 65535))
        bounds = {"num_cpus": [{"greater_or_equal": draw(st.integers(0, 64))}], "mem_size": [{"equal": draw(SIZES)}]}
        host = {"node_filter": {"capabilities": [{"host": {"properties": bounds}}]}}
        nodes[f"{name}-node"] = {"type": "Charity.Node", **host}
        links = [{"link": link} for link in draw(st.lists(LINKS, unique=True))]
        requirements = [{"host": f"{name}-node"}, *links]
        nodes[name] = {"type": "Charity.Component", "properties": properties, "requirements": requirements}
    return {
        "tosca_definitions_version": "tosca_simple_yaml_1_3",
        "metadata": {"template_name": "drawn"},
        "topology_template": {"node_templates": nodes},
    }


@settings(max_examples=40, deadline=None)
@given(topologies())
def test_what_is_converted_is_a_valid_part_of_its_federation(topology: dict[str, Any]) -> None:
    """The printed federation loads to the one that was checked; a second import into it changes no letter."""
    source = Source(render_yaml(topology), "blueprint")
    once = import_into_text(source, Source(INTO, "into"), read_tosca_profile(), ToscaOptions(), KNOWLEDGE)
    assert load(once.text, "printed", KNOWLEDGE) == once.federation
    twice = import_into_text(source, Source(once.text, "printed"), read_tosca_profile(), ToscaOptions(), KNOWLEDGE)
    assert twice.text == once.text
    application = once.federation.spec.applications[0]
    assert Application.model_validate(written(application)) == application


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=20)
    | st.sampled_from(["no", "1.10", "010", "1e3", "~", "2026-01-01", "0x1F", "- a", "#", "a: b", "<<", "=", "1_000"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.text(max_size=8), TREES, max_size=4))
def test_written_yaml_is_read_as_what_it_was(value: dict[str, Any]) -> None:
    """Words that YAML takes for something else are quoted, whatever version of YAML reads them."""
    text = render_yaml({"top": value})
    assert parse_document(text, "written").plain() == {"top": value}
    assert yaml.safe_load(text) == {"top": value}
