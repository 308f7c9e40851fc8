"""An imported application in a federation: placed by labels, checked as a whole, and what is wrong has its place."""

from __future__ import annotations

import pytest

from config.catalogue.reading import read_tosca_profile
from federation.importing.joining import Joined, import_into, import_into_text
from federation.importing.reading import Source
from federation.importing.tosca.options import ToscaOptions
from federation.spec.loading import load
from federation.spec.problems import SpecErrors
from tests.properties.test_importing import INTO
from tests.unit.importing.test_tosca import STUDIO
from tests.unit.spec.knowledge import KNOWLEDGE


def joined(into: str = INTO, blueprint: str = STUDIO, **options) -> Joined:
    sources = Source(blueprint, "blueprint"), Source(into, "into")
    return import_into_text(*sources, read_tosca_profile(), ToscaOptions(**options), KNOWLEDGE)


def refused(into: str = INTO, blueprint: str = STUDIO, **options) -> list[str]:
    with pytest.raises(SpecErrors) as caught:
        joined(into, blueprint, **options)
    return [str(problem) for problem in caught.value.problems]


def test_hints_are_resolved_by_labels_of_clusters() -> None:
    """The label placement-hint says which cluster a hint means, in any case."""
    application = joined().federation.spec.applications[0]
    assert {each.name: each.placement.cluster for each in application.components} == {
        "backend": "green",
        "database": "rose",
    }


def test_everything_else_stays_as_it_was() -> None:
    """Defaults, quoted numbers and names that YAML 1.1 takes for something else are printed as they were."""
    text = joined().text
    assert 'image: "1.10"' in text
    assert "name: 'no'" in text
    before, after = load(INTO, "into", KNOWLEDGE), load(text, "text", KNOWLEDGE)
    assert after.model_copy(update={"spec": before.spec}) == before
    assert after.spec.model_copy(update={"applications": ()}) == before.spec


def test_hint_of_several_clusters_is_not_guessed() -> None:
    """Who labels two clusters alike must say which one."""
    two = refused(INTO.replace("placement-hint: edge", "placement-hint: cloud"))
    assert two[0].startswith("blueprint:24:9: topology_template.node_templates.backend.properties.placement_hint")
    assert "is on each of green, rose (place it with --place CLOUD=CLUSTER; clusters: green, rose)" in two[0]


def test_unknown_cluster_is_told() -> None:
    """A misspelt cluster of an option is told before the federation is checked."""
    assert "the federation has no cluster 'gren' (did you mean 'green'?)" in refused(place={"CLOUD": "gren"})[0]


def test_only_cluster_takes_every_hint() -> None:
    """With one cluster and no label there is nothing to choose."""
    alone = "\n".join(line for line in INTO.splitlines() if "rose" not in line).replace("placement-hint: cloud", "a: b")
    application = joined(alone + "\n").federation.spec.applications[0]
    assert {each.placement.cluster for each in application.components} == {"green"}
    assert [port.expose for port in application.components[1].ports] == ["cluster"]


def test_what_does_not_fit_has_its_line_in_the_blueprint() -> None:
    """A latency that the peering cannot keep is told at the link that bounds it."""
    slow = INTO.replace("between: [green, rose]", "between: [green, rose], profile: average")
    (problem,) = refused(slow)
    assert problem.startswith(
        "blueprint:58:5: topology_template.node_templates.backend-db: connection 'backend-db' may"
    )
    assert "'backend' in green to 'database' in rose a round trip takes 400 ms by the profile average" in problem
    without = INTO.replace(", ingress-nginx", "")
    assert refused(without)[0].startswith(
        "blueprint:31:11: topology_template.node_templates.backend.requirements[3].link:"
    )


def test_application_of_another_owner_is_not_replaced() -> None:
    """The same name alone does not give one author the application of another."""
    once = joined().text
    again = joined(once, owner="xr-developer", inputs={"NODE_ENV": "prod"})
    assert len(again.federation.spec.applications) == 1
    assert again.federation.spec.applications[0].components[0].env == {"NODE_ENV": "prod"}
    assert "belongs to xr-developer" in refused(once, owner="somebody")[0]
    assert len(joined(once, owner="somebody", name="other", hosts={"backend": "a.b"}).federation.spec.applications) == 2


def test_bad_federation_is_told_with_its_own_lines() -> None:
    """What is wrong with the federation itself has its line there."""
    assert refused(INTO.replace("v1.36.4", "v9.0.0"))[0].startswith("into:7:35: spec.defaults.distribution.version:")


def test_federation_without_a_text_takes_an_application_too() -> None:
    """A federation that was applied before is joined as the value that it is."""
    before = load(INTO, "into", KNOWLEDGE)
    found = import_into(Source(STUDIO, "blueprint"), before, read_tosca_profile(), ToscaOptions(), KNOWLEDGE)
    assert (found.federation, found.text) == (joined().federation, "")
