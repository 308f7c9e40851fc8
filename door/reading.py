"""From what was sent to what is asked for: an application or a federation, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from door.documents import Content, DraftApplication, FederationRequest, Remark
from door.problems import WrongField, invalid, of_text
from door.sight import Sight
from federation.importing.lowlevel.conversion import import_lowlevel
from federation.importing.reading import Source
from federation.importing.tosca.conversion import import_tosca, undecided
from federation.importing.tosca.placing import Clusters
from federation.importing.tosca.profile import Profile
from federation.importing.writing import written
from federation.spec.catalogue import Knowledge
from federation.spec.federation import Federation
from federation.spec.loading import parse, parse_as
from federation.spec.problems import Problem, SpecErrors, plain

T = TypeVar("T")
_STAND_IN = "later-"
"""Begins the names of clusters that stand for a decision to come; two of them are never the same cluster."""


@dataclass(frozen=True)
class Wanted:
    """An application that was asked for, and what its author should know."""

    application: DraftApplication
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class WantedFederation:
    """A federation that was asked for, and what its author should know."""

    federation: Federation
    remarks: tuple[Remark, ...] = ()


class Reader:
    """Reads what requests bring. Refuses with every problem, each with its line where it came as a text."""

    def __init__(self, sight: Sight, knowledge: Knowledge, profile: Profile) -> None:
        self._sight = sight
        self._knowledge = knowledge
        self._profile = profile

    def application(self, content: Content, federation: str) -> Wanted:
        """The application of a request, each field checked by itself.

        Raises:
            Refusal: The text has problems.
        """
        if content.form == "tosca":
            return _told(lambda: self._of_blueprint(content, federation))
        if content.form == "yaml":
            return Wanted(_told(lambda: parse_as(DraftApplication, content.yaml, "yaml")))
        return Wanted(content.application)

    def federation(self, request: FederationRequest, name: str) -> WantedFederation:
        """The federation of a request, each field checked by itself.

        Raises:
            Refusal: The text has problems, or it is a federation of another name.
        """
        wanted = _told(lambda: self._federation(request, name))
        found = wanted.federation.name
        if found != name:
            wrong = WrongField(field="metadata.name", message=f"this is '{found}', the address says '{name}'")
            raise invalid("the federation has another name than its address", [wrong])
        return wanted

    def _federation(self, request: FederationRequest, name: str) -> WantedFederation:
        if request.form == "lowlevel":
            options = request.lowlevel_options
            named = options if options.name else options.model_copy(update={"name": name})
            imported = import_lowlevel(Source(request.lowlevel, "lowlevel"), self._knowledge, named)
            return WantedFederation(imported.federation, _remarks(imported.remarks))
        return WantedFederation(request.federation if request.form == "federation" else parse(request.yaml, "yaml"))

    def _of_blueprint(self, content: Content, federation: str) -> Wanted:
        """Components that nothing places are put on clusters that stand in for a decision, then taken from there.

        So what links them is exposed to other clusters, wherever a scheduler puts them.
        """
        source, options = Source(content.tosca, "tosca"), content.tosca_options
        clusters = self._labels(federation)
        later = undecided(source, self._profile, options, clusters)
        stand_ins = {name: f"{_STAND_IN}{number}" for number, name in enumerate(later)}
        placed = options.model_copy(update={"place": {**options.place, **stand_ins}})
        known = {**clusters, **{name: {} for name in stand_ins.values()}}
        imported = import_tosca(source, self._profile, placed, known)
        document = {**written(imported.application), "owner": options.owner}
        for component in document["components"]:
            if component["name"] in stand_ins:
                del component["placement"]
        return Wanted(DraftApplication.model_validate(document), _remarks(imported.remarks))

    def _labels(self, federation: str) -> Clusters:
        current = self._sight.current(federation)
        return {each.name: each.labels for each in current.parsed().spec.clusters} if current else {}


def _told(read: Callable[[], T]) -> T:
    try:
        return read()
    except SpecErrors as errors:
        raise of_text(errors) from None


def _remarks(found: Iterable[Problem]) -> tuple[Remark, ...]:
    return tuple(
        Remark(line=each.line, field=each.field, message=plain(each.message), fix=plain(each.fix)) for each in found
    )
