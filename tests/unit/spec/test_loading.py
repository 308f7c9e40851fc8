"""Loading: what is right is understood, wherever it was written."""

from __future__ import annotations

from importlib.resources import files

import pytest
import yaml

from federation.spec.document import MAX_CHARACTERS, MAX_NODES
from federation.spec.federation import Federation
from federation.spec.loading import load, parse
from federation.spec.problems import SpecErrors
from federation.spec.validation import check
from tests.unit.spec.knowledge import KNOWLEDGE

FEDERATIONS = {file.name: file.read_text() for file in (files("config") / "federations").iterdir() if file.is_file()}
SMALL = """\
apiVersion: flotilla.dev/v1alpha1
kind: Federation
metadata: {name: tac}
spec:
  defaults:
    infrastructure: {type: openstack, cloud: lab, image: x, externalNetwork: public}
    distribution: {type: k3s, version: v1.36.4+k3s1}
    controlPlane: {flavor: m1.medium}
  clusters:
    - name: a
"""


@pytest.mark.parametrize("name", sorted(FEDERATIONS))
def test_federation_of_the_catalogue_is_clean(name: str) -> None:
    """Every federation that comes with the product loads and fits together."""
    assert load(FEDERATIONS[name], name, KNOWLEDGE).spec.clusters


@pytest.mark.parametrize("name", sorted(FEDERATIONS))
def test_federation_survives_being_written_and_read_again(name: str) -> None:
    """A federation that is dumped and parsed again is the same, with the same digest."""
    federation = parse(FEDERATIONS[name], name)
    text = yaml.safe_dump(federation.model_dump(mode="json", by_alias=True, exclude_none=True))
    again = parse(text, name)
    assert (again, again.digest) == (federation, federation.digest)


def test_cluster_takes_what_it_does_not_say_from_the_defaults() -> None:
    """Maps are merged at every depth, lists are replaced."""
    federation = parse(SMALL + "      controlPlane: {count: 3}\n      workers: [{name: w, flavor: s}]\n")
    cluster = federation.spec.clusters[0]
    assert (cluster.control_plane.count, cluster.control_plane.flavor) == (3, "m1.medium")
    assert [pool.name for pool in cluster.workers] == ["w"]


def test_infrastructure_of_another_type_replaces_that_of_the_defaults() -> None:
    """A cluster on hosts does not inherit fields of OpenStack."""
    federation = parse(SMALL + "      infrastructure: {type: hosts, inventory: yard}\n")
    assert federation.spec.clusters[0].infrastructure.type == "hosts"


def test_how_clusters_are_built_is_no_default_for_one_that_exists() -> None:
    """It takes the rest of the defaults, and is the same after it was written and read again."""
    federation = load(
        SMALL + "      infrastructure: {type: existing, kubeconfig: west}\n      labels: {site: north}\n",
        "x",
        KNOWLEDGE,
    )
    cluster = federation.spec.clusters[0]
    assert (cluster.adopted, cluster.distribution, cluster.labels) == (True, None, {"site": "north"})
    again = Federation.model_validate(federation.model_dump(mode="json", by_alias=True))
    assert (again, again.digest) == (federation, federation.digest)
    assert check(again, KNOWLEDGE) == ()


def test_words_that_old_yaml_takes_for_truth_values_are_text() -> None:
    """Norway stays 'no', and a date stays as it was written."""
    federation = parse(SMALL + "      labels: {nation: no, since: 2026-01-02, on: off}\n")
    assert federation.spec.clusters[0].labels == {"nation": "no", "since": "2026-01-02", "on": "off"}


def test_anchors_and_merge_keys_are_followed() -> None:
    """An alias stands for what it names, and '<<' lays a map below another."""
    text = (
        SMALL + "      labels: &l {x: a, y: b}\n    - {name: b, labels: {<<: *l, y: c}}\n    - {name: c, labels: *l}\n"
    )
    labels = [cluster.labels for cluster in parse(text).spec.clusters]
    assert labels == [{"x": "a", "y": "b"}, {"x": "a", "y": "c"}, {"x": "a", "y": "b"}]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param("a: x" + " " * MAX_CHARACTERS, "more than 2000000 characters", id="too-long"),
        pytest.param("a: [" + "x," * MAX_NODES + "]", f"more than {MAX_NODES} values", id="too-many-values"),
        pytest.param("[" * 100_000, "nested more than 50 deep", id="too-deep"),
        pytest.param("a: \x00", "a character that YAML does not allow", id="control-character"),
        pytest.param("a: \ud800", "a character that is no Unicode text", id="lone-surrogate"),
    ],
)
def test_hostile_text_is_refused_with_a_reason(text: str, part: str) -> None:
    """Limits hold before anything is built from the text."""
    with pytest.raises(SpecErrors, match=part):
        parse(text)


def test_emptied_federation_is_valid() -> None:
    """What a teardown asks for is a spec like any other."""
    assert isinstance(parse(SMALL).emptied(), Federation)
