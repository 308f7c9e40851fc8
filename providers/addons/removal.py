"""Add-ons that go: first what we added, then what its programs hold, the release, its definitions, its namespace."""

from __future__ import annotations

from clients.kubernetes.apply import ensure_gone
from federation.spec.addon import AddOnDefinition
from providers.addons.clearing import clear, collect_orphans, release_held
from providers.addons.definitions import refuse_in_use, remove_definitions
from providers.addons.namespaces import remove_namespace
from providers.addons.record import Record, delete_record, read_record
from providers.addons.releases import Releases, is_released
from providers.contracts import Done, Progress, Side, Waiting


def remove_addon(releases: Releases, side: Side, definition: AddOnDefinition) -> Progress:
    """One step of the removal. What another owner has in the cluster stays, and is named.

    Raises:
        Rejected: Somebody else's objects would be deleted with the release.
    """
    record = read_record(side.kubernetes, definition.name, definition.namespace)
    if record is None or record.federation != side.federation:
        return remove_namespace(side, definition.namespace, definition.name)
    held = _take_apart(releases, side, definition, record)
    if held:
        return Waiting(held)
    release_held(side.kubernetes, definition)
    orphan = collect_orphans(side.kubernetes, definition)
    if orphan:
        return Waiting(f"{orphan} to be gone")
    going, staying = remove_definitions(side, definition)
    if going:
        return Waiting(f"CustomResourceDefinition {going} to be gone")
    progress = remove_namespace(side, definition.namespace, definition.name)
    if not isinstance(progress, Done):
        return progress
    delete_record(side.kubernetes, record)
    return Done("; ".join(words for words in (staying, progress.detail) if words))


def _take_apart(releases: Releases, side: Side, definition: AddOnDefinition, record: Record) -> str:
    """Our own objects, then the release; returns what is waited for."""
    released = is_released(side, definition)
    if released:
        refuse_in_use(side, definition)
    for each in reversed(record.objects):
        if not ensure_gone(side.kubernetes, each.resource, each.name, each.namespace):
            return f"{each.kind} {each.name} to be gone"
    if released:
        held = clear(side.kubernetes, definition)
        if held:
            return f"{definition.name} to let go of {held}"
        releases.uninstall(side, definition)
    return ""
