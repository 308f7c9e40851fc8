"""``metadata.managedFields``: who owns which fields, kept on every write.

Source: kubernetes.io, "Server-Side Apply", and k8s.io/apimachinery/pkg/util/managedfields.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.fields.compare import Comparison, compare
from sandbox.kubernetes.fields.paths import PathSet, describe, from_wire, owned, to_wire
from sandbox.kubernetes.resource import Resource


@dataclass(frozen=True, order=True)
class Manager:
    """Who writes: its name, how, in which version and through which subresource."""

    operation: str
    name: str
    api_version: str
    subresource: str = ""

    def describe(self) -> str:
        """As conflict messages write it."""
        if self.operation == "Apply":
            return f'"{self.name}"'
        through = f' with subresource "{self.subresource}"' if self.subresource else ""
        return f'"{self.name}"{through} using {self.api_version}'


Owners = dict[Manager, PathSet]


@dataclass(frozen=True)
class Ownership:
    """Owners of an object and the times at which they last wrote."""

    owners: Owners
    times: dict[Manager, str]


def read(obj: Object) -> Ownership:
    """Owners of an object."""
    owners: Owners = {}
    times: dict[Manager, str] = {}
    for entry in obj["metadata"].get("managedFields") or []:
        manager = Manager(
            entry.get("operation", "Update"),
            entry.get("manager", ""),
            entry.get("apiVersion", ""),
            entry.get("subresource", ""),
        )
        owners[manager] = frozenset(from_wire(entry.get("fieldsV1") or {}))
        times[manager] = entry.get("time", "")
    return Ownership(owners, times)


def write(obj: Object, ownership: Ownership) -> None:
    """Put owners into an object; an owner whose time is not known has none."""
    entries = [_entry(manager, paths, ownership.times) for manager, paths in ownership.owners.items() if paths]
    entries.sort(key=lambda entry: (entry["operation"], entry.get("time", ""), entry["manager"]))
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)


def _entry(manager: Manager, paths: PathSet, times: dict[Manager, str]) -> Object:
    told = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": manager.api_version,
        "time": times.get(manager, ""),
        "fieldsType": "FieldsV1",
        "subresource": manager.subresource,
    }
    return {**{name: text for name, text in told.items() if text}, "fieldsV1": to_wire(paths)}


def difference(before: Object, after: Object, resource: Resource) -> Comparison:
    """What a write changed."""
    return compare(_without_ownership(before), _without_ownership(after), resource.schema, custom=resource.custom)


def _without_ownership(obj: Object) -> Object:
    metadata = {key: value for key, value in obj.get("metadata", {}).items() if key != "managedFields"}
    return {**obj, "metadata": metadata}


def record_update(before: Object, after: Object, resource: Resource, manager: Manager, now: str) -> None:
    """Give the writer every field that it changed, and take removed fields from everyone."""
    exists = bool(before.get("metadata"))
    if exists and not before["metadata"].get("managedFields") and not after["metadata"].get("managedFields"):
        return
    known = read(before if exists else after)
    asked = after.get("metadata", {}).get("managedFields")
    if before.get("metadata") and asked is not None and _is_reset(asked):
        write(after, Ownership({}, {}))
        return
    changed = difference(before, after, resource)
    written = owned(changed.written)
    owners = {
        other: paths - changed.removed - (written if other != manager else frozenset())
        for other, paths in known.owners.items()
    }
    owners[manager] = owners.get(manager, frozenset()) | written
    write(after, Ownership(owners, _times(known, manager, now if written else "")))


def record_apply(live: Object, after: Object, resource: Resource, manager: Manager, owners: Owners, now: str) -> None:
    """Put the owners after an apply into an object; one that changes no field does not count as a write."""
    known = read(live)
    changed = difference(live, after, resource)
    has_changed = bool(changed.written or changed.removed)
    write(after, Ownership(owners, _times(known, manager, now if has_changed else "")))


def _times(known: Ownership, writer: Manager, now: str) -> dict[Manager, str]:
    """Times of all owners after a write; scales are kept through their own owners, which have no time."""
    return {**known.times, writer: now} if now and writer.subresource != "scale" else known.times


def _is_reset(entries: list[Object]) -> bool:
    return entries == [{}]


def conflicts(owners: Owners, manager: Manager, changed: Comparison) -> list[tuple[str, str]]:
    """Fields of others that an apply would change: (manager, field)."""
    written = changed.written
    return [
        (other.describe(), describe(path))
        for other, paths in sorted(owners.items())
        if other != manager
        for path in sorted(paths & written)
    ]
