"""Custom resource definitions of add-ons: brought up to date where Helm does not, and removed when nobody needs them.

Source: helm.sh, "Custom Resource Definitions": what lies in ``crds/`` is created once, never changed and never removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clients.kubernetes.api import Object
from clients.kubernetes.apply import brought, ensure_gone
from clients.kubernetes.readiness import condition
from clients.kubernetes.resources import DEFINITION, Kind
from federation.errors import Rejected
from federation.spec.addon import AddOnDefinition
from federation.spec.marks import FEDERATION, labels
from providers.contracts import Side

_RELEASE, _RELEASE_NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"


def ensure_definitions(side: Side, definition: AddOnDefinition, wanted: list[dict[str, Any]]) -> str:
    """Make the definitions as the chart has them. Those that were there before us stay as they are.

    Returns:
        What is not served yet, in words; empty when all are.
    """
    ours, client, waiting = _marks(side, definition), side.kubernetes, list[str]()
    for obj in wanted:
        meta = obj["metadata"]
        live = client.get(DEFINITION, meta["name"])
        if live is None or _carries(live, ours):
            marked = {**obj, "metadata": {**meta, "labels": {**(meta.get("labels") or {}), **ours}}}
            live, _ = brought(client, marked, live)
        if not _served(live):
            waiting.append(meta["name"])
    return next((name for name in waiting if not _served(client.get(DEFINITION, name))), "")


def refuse_in_use(side: Side, definition: AddOnDefinition) -> None:
    """See to it that nobody loses anything by definitions that go with the release.

    Raises:
        Rejected: Somebody else has objects of these kinds, which the server would delete.
    """
    if definition.custom_resources is None or definition.custom_resources.by != "release":
        return
    for obj in _installed(side, definition):
        foreign = _foreign(side, definition, obj)
        if foreign:
            raise Rejected(
                f"{obj['spec']['names']['kind']} {foreign} in cluster {side.cluster} is not Flotilla's and would be "
                f"deleted with the add-on '{definition.name}'; delete or export it first, or keep the add-on",
                reason="InUse",
            )


def remove_definitions(side: Side, definition: AddOnDefinition) -> tuple[str, str]:
    """Remove those of which nobody else has objects.

    Returns:
        A definition that is not gone yet, and one that stays with the object that it stays for; each empty when there
        is none.
    """
    going = staying = ""
    for obj in _installed(side, definition):
        name, foreign = obj["metadata"]["name"], _foreign(side, definition, obj)
        if foreign:
            staying = staying or f"{name} stays: {foreign} is of it"
        elif not ensure_gone(side.kubernetes, DEFINITION, name):
            going = going or name
    return going, staying


def defined_kind(definition: Object) -> Kind:
    """The kind that a CustomResourceDefinition defines, in a version that is served."""
    spec = definition["spec"]
    version = next(each["name"] for each in spec["versions"] if each["served"])
    return Kind(f"{spec['group']}/{version}", spec["names"]["kind"])


def _installed(side: Side, definition: AddOnDefinition) -> Iterator[Object]:
    """The definitions in the cluster that came with the add-on."""
    about = definition.custom_resources
    if about is None:
        return
    for obj in side.kubernetes.list(DEFINITION, labels=_marks(side, definition) if about.by == "folder" else None):
        if obj["spec"]["group"] in about.groups and (about.by == "folder" or _released(obj, definition)):
            yield obj


def _released(obj: Object, definition: AddOnDefinition) -> bool:
    notes = obj["metadata"].get("annotations") or {}
    return (notes.get(_RELEASE), notes.get(_RELEASE_NAMESPACE)) == (definition.name, definition.namespace)


def _foreign(side: Side, definition: AddOnDefinition, obj: Object) -> str:
    """The first object of a kind that neither we nor the add-on's programs made; empty when there is none."""
    about = definition.custom_resources
    if about is None or obj["metadata"]["name"] in about.machinery:
        return ""
    found = side.kubernetes.list(defined_kind(obj))
    titles = [_title(each) for each in found if not _carries(each, {FEDERATION: side.federation})]
    return min(titles, default="")


def _marks(side: Side, definition: AddOnDefinition) -> dict[str, str]:
    """Ours alone, so that Helm, which lays the same definitions once more, agrees in all that the chart says."""
    marks = labels(side.federation, cluster=side.cluster, addon=definition.name)
    return {key: value for key, value in marks.items() if key.startswith("flotilla.dev/")}


def _title(obj: Object) -> str:
    meta = obj["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta["name"])


def _carries(obj: Object, marks: dict[str, str]) -> bool:
    return marks.items() <= (obj["metadata"].get("labels") or {}).items()


def _served(live: Object | None) -> bool:
    return live is not None and condition(live, "Established").get("status") == "True"
