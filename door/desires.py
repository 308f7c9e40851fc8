"""What should exist after a request, from what should exist before it. Pure: reads nothing, keeps nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from door.documents import Decision, DraftApplication
from door.problems import Refusal, WrongField, invalid, of_violation
from federation.spec.application import Application
from federation.spec.catalogue import Knowledge
from federation.spec.federation import Federation
from federation.spec.problems import Violation
from federation.spec.validation import check
from registry.wishes import Wish

Json = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """What is known of one application before a request.

    Attributes:
        wish: As its owner asked for it through the door.
        running: As it is part of the federation.
        leaving: As it was part of it; it was taken back and is not gone yet.
    """

    name: str
    wish: Wish | None = None
    running: Application | None = None
    leaving: Application | None = None

    @property
    def is_there(self) -> bool:
        """Whether it is asked for."""
        return self.wish is not None or self.running is not None

    @property
    def owner(self) -> str | None:
        """Whose it is."""
        if self.wish is not None:
            return self.wish.owner
        found = self.running or self.leaving
        return found.owner if found else None

    @property
    def document(self) -> Json:
        """What is asked for; empty when nothing is."""
        if self.wish is not None:
            return self.wish.document
        found = self.running or self.leaving
        return found.model_dump(mode="json", by_alias=True, exclude_none=True) if found else {}


def wish_for(federation: str, draft: DraftApplication, owner: str, before: Standing) -> Wish:
    """The wish that an application stands for. A component that says nothing of its placement keeps the one it has."""
    known = placements(before.document)
    document = draft.model_dump(mode="json", by_alias=True, exclude_none=True)
    document["owner"] = owner
    for component in document["components"]:
        if "placement" not in component and component["name"] in known:
            component["placement"] = known[component["name"]]
    return _wish(federation, document)


def placed(federation: str, before: Standing, decisions: Iterable[Decision]) -> Wish:
    """The wish for an application after a scheduler decided.

    Raises:
        Refusal: The application has no such component.
    """
    clusters = {each.component: each.cluster for each in decisions}
    document = before.document
    components = [dict(component) for component in document["components"]]
    missing = clusters.keys() - {component["name"] for component in components}
    if missing:
        raise Refusal("not-found", f"application {before.name} has no component {', '.join(sorted(missing))}")
    for component in components:
        if component["name"] in clusters:
            component["placement"] = {"cluster": clusters[component["name"]]}
    return _wish(federation, {**document, "components": components})


def waiting(document: Mapping[str, Any]) -> list[str]:
    """Names of the components that have no placement."""
    return [each["name"] for each in document["components"] if not each.get("placement")]


def placements(document: Mapping[str, Any]) -> dict[str, Json]:
    """Where the components are to run, by their names."""
    return {each["name"]: each["placement"] for each in document.get("components", ()) if each.get("placement")}


def as_application(wish: Wish) -> Application:
    """A complete wish as part of a federation."""
    return Application.model_validate(wish.document)


def fits(federation: Federation, knowledge: Knowledge) -> None:
    """Let a federation pass whose parts fit each other.

    Raises:
        Refusal: Its parts do not fit each other; every problem names both ends.
    """
    refuse("parts of it do not fit each other; nothing was changed", check(federation, knowledge))


def refuse(why: str, violations: Sequence[Violation]) -> None:
    """Let pass what has no violations.

    Raises:
        Refusal: There are some; each is told with its field and the fix.
    """
    if violations:
        raise invalid(why, map(of_violation, violations))


def refuse_twice(draft: DraftApplication) -> None:
    """Component names are unique, whether they are placed or not."""
    names = [component.name for component in draft.components]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        wrong = [WrongField(field="components", message=f"component '{name}' is there twice") for name in twice]
        raise invalid("names of components are unique in their application", wrong)


def _wish(federation: str, document: Json) -> Wish:
    return Wish(federation, document["name"], document["owner"], document, complete=not waiting(document))
