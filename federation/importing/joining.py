"""An imported application joins a federation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from federation.importing.reading import Source, origin
from federation.importing.tosca.conversion import ImportedApplication, import_tosca
from federation.importing.tosca.options import ToscaOptions
from federation.importing.tosca.profile import Profile
from federation.importing.writing import render_yaml, written
from federation.spec.catalogue import Knowledge
from federation.spec.document import parse_document
from federation.spec.federation import Federation
from federation.spec.loading import load, located
from federation.spec.problems import Problem, SpecErrors, Violation, render_field
from federation.spec.validation import check

Locate = Callable[[Violation], Problem]


@dataclass(frozen=True)
class Joined:
    """A federation with an imported application in it.

    Attributes:
        federation: The federation, known to be valid.
        text: It as YAML, with everything else as it was but for comments; empty where it came from no text.
        remarks: What the author of the blueprint should know.
    """

    federation: Federation
    text: str
    remarks: tuple[Problem, ...]


def import_into_text(
    source: Source, into: Source, profile: Profile, options: ToscaOptions, knowledge: Knowledge
) -> Joined:
    """The federation of a YAML text with the application of a blueprint in it, in the place of one of the same name.

    Raises:
        SpecErrors: Every problem with its line in the one text or in the other.
    """
    before = load(into.text, into.name, knowledge)
    root = parse_document(into.text, into.name)
    imported = import_tosca(source, profile, options, _labels(before))
    joined = join(before, imported, knowledge, lambda violation: located(root, into.name, violation))
    document = root.plain()
    applications = document["spec"].setdefault("applications", [])
    fields, name = written(imported.application), imported.application.name
    index = next((place for place, each in enumerate(applications) if each["name"] == name), len(applications))
    applications[index : index + 1] = [fields]
    return Joined(joined, render_yaml(document), imported.remarks)


def import_into(
    source: Source, before: Federation, profile: Profile, options: ToscaOptions, knowledge: Knowledge
) -> Joined:
    """A federation with the application of a blueprint in it, in the place of one of the same name.

    Raises:
        SpecErrors: Every problem, with its line in the blueprint where it has one there.
    """
    imported = import_tosca(source, profile, options, _labels(before))
    return Joined(join(before, imported, knowledge, _nowhere), "", imported.remarks)


def join(before: Federation, imported: ImportedApplication, knowledge: Knowledge, locate: Locate) -> Federation:
    """A valid federation with an imported application in it, checked as a whole.

    Args:
        before: The federation.
        imported: The application.
        knowledge: What specs are checked against.
        locate: Gives its place to what is wrong outside of the application.

    Raises:
        SpecErrors: The application does not fit into the federation, or belongs to another owner than the one of the
            same name that is there.
    """
    application, there = imported.application, before.application(imported.application.name)
    if there is not None and there.owner != application.owner:
        message = f"'{application.name}' is there already and belongs to {there.owner or 'nobody'}"
        imported.findings.problem(("metadata",), message, "give another --name, or the same --owner")
        imported.findings.stop_if_any()
    kept = list(before.spec.applications)
    index = kept.index(there) if there is not None else len(kept)
    kept[index : index + 1] = [application]
    spec = before.spec.model_copy(update={"applications": tuple(kept)})
    joined = before.model_copy(update={"spec": spec})
    problems = list(_problems(joined, index, imported, knowledge, locate))
    if problems:
        raise SpecErrors(problems)
    return joined


def _problems(
    joined: Federation, index: int, imported: ImportedApplication, knowledge: Knowledge, locate: Locate
) -> Iterator[Problem]:
    own = ("spec", "applications", index)
    for violation in check(joined, knowledge):
        if violation.field[:3] != own:
            yield locate(violation)
            continue
        path = origin(violation.field[3:], imported.origins)
        place, _ = imported.findings.root.find(path)
        where = (imported.findings.source, place.line, place.column, render_field(path))
        yield Problem(*where, violation.message, violation.fix)


def _labels(federation: Federation) -> dict[str, dict[str, str]]:
    return {cluster.name: cluster.labels for cluster in federation.spec.clusters}


def _nowhere(violation: Violation) -> Problem:
    return Problem("federation", 1, 1, render_field(violation.field), violation.message, violation.fix)
