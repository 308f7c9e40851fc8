"""Blueprints: each in ``good/`` becomes the application beside it, each in ``bad/`` is refused as is said beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from config.catalogue.reading import read_tosca_profile
from federation.importing.reading import Source
from federation.importing.tosca.conversion import ImportedApplication, import_tosca
from federation.importing.tosca.options import ToscaOptions
from federation.importing.writing import render_yaml, written
from federation.spec.application import Application
from federation.spec.problems import SpecErrors

HERE = Path(__file__).parent
ANSWERS = {
    "good": {"CLOUD": "green", "EDGE": "rose"},
    "together": {"CLOUD": "green"},
    "application": {"CLOUD": "green"},
    "environment": {"CLOUD": "green"},
    "too-much": {"CLOUD": "green"},
}


def imported(text: str, **options) -> ImportedApplication:
    """What the text of a blueprint becomes."""
    return import_tosca(Source(text, "blueprint"), read_tosca_profile(), ToscaOptions(**options))


@pytest.mark.parametrize("name", sorted(path.stem for path in (HERE / "good").glob("*.yaml")))
def test_blueprint_becomes_the_application(name: str) -> None:
    """Components, ports, resources, bounds and remarks are word for word as expected."""
    found = imported((HERE / "good" / f"{name}.yaml").read_text(), place=ANSWERS["good"])
    text = render_yaml(written(found.application)) + "".join(f"# {remark}\n" for remark in found.remarks)
    assert text == (HERE / "good" / f"{name}.expected").read_text()
    assert Application.model_validate(yaml.safe_load(text)) == found.application


@pytest.mark.parametrize("name", sorted(path.stem for path in (HERE / "bad").glob("*.yaml")))
def test_bad_blueprint_is_refused_with_place_and_fix(name: str) -> None:
    """All problems are told at once, each with line, column, field and what to do."""
    with pytest.raises(SpecErrors) as caught:
        imported((HERE / "bad" / f"{name}.yaml").read_text(), place=ANSWERS.get(name, {}))
    assert str(caught.value).splitlines() == (HERE / "bad" / f"{name}.expected").read_text().splitlines()


STUDIO = (HERE / "good" / "cloud-studio.yaml").read_text()


def test_importer_answers_what_the_blueprint_leaves_open() -> None:
    """Name, owner, inputs, places by component, host names and certificates are the importer's to say."""
    found = imported(
        STUDIO,
        name="studio",
        owner="me",
        inputs={"NODE_ENV": "prod"},
        place={"CLOUD": "green", "EDGE": "rose", "database": "green"},
        hosts={"backend": "studio.example.org"},
        certificates={"backend": "studio-certificate"},
        registry_secret="registry",
    ).application
    backend, database = found.components
    assert (found.name, found.owner, found.registry_secret) == ("studio", "me", "registry")
    assert backend.env == {"NODE_ENV": "prod"}
    assert (backend.ports[0].host, backend.ports[0].tls) == ("studio.example.org", "studio-certificate")
    assert (database.placement.cluster, database.ports[0].expose) == ("green", "cluster")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"inputs": {"NODE_EN": "x"}}, "'NODE_EN', which is no input of the blueprint (did you mean 'NODE_ENV'?)"),
        ({"place": {**ANSWERS["good"], "backnd": "green"}}, "(did you mean 'backend'?)"),
        ({"hosts": {"database": "a.b"}}, "'database', which is no public component"),
    ],
)
def test_answer_to_no_question_is_refused(options, said) -> None:
    """A misspelt option does not fall under the table."""
    with pytest.raises(SpecErrors) as caught:
        imported(STUDIO, **{"place": ANSWERS["good"], **options})
    assert said in str(caught.value)


def test_inputs_from_a_command_line_are_numbers_where_numbers_are_wanted() -> None:
    """A text of digits stands for a number when the input is one, and for itself when it is a string."""
    text = STUDIO.replace("NODE_ENV: {type: string, default: beta}", "NODE_ENV: {type: integer}")
    found = imported(text, place=ANSWERS["good"], inputs={"NODE_ENV": "3"})
    assert found.application.components[0].env == {"NODE_ENV": "3"}
    with pytest.raises(SpecErrors, match="must be a whole number"):
        imported(text, place=ANSWERS["good"], inputs={"NODE_ENV": "three"})


LONG = "".join(
    f"    n{index}: {{type: Charity.Component, properties: {{deployment_unit: K8S_POD, image: a/b:1}}, "
    f"requirements: [dependency: n{index + 1}]}}\n"
    for index in range(4000)
)


def test_long_chain_of_requirements_is_walked_in_time() -> None:
    """A hostile blueprint costs neither the stack nor minutes; only its first problems are told."""
    with pytest.raises(SpecErrors) as caught:
        imported(STUDIO.partition("node_templates:")[0] + "node_templates:\n" + LONG)
    assert 1 <= len(caught.value.problems) <= 100
