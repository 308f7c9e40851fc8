"""Disks that a component's node requires, as volumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from federation.importing.reading import Findings
from federation.importing.tosca.parts import Part, Parts
from federation.importing.tosca.requirements import Need
from federation.importing.tosca.resources import bytes_quantity
from federation.importing.tosca.scalars import size

_TYPES = {"local_storage": "ephemeral", "persistent_storage": "persistent"}
_ATTACHES = "tosca.relationships.AttachesTo"
_ACCESS = {"readwriteonce": "ReadWriteOnce", "readwritemany": "ReadWriteMany", "readonlymany": "ReadOnlyMany"}


def volumes_of(host: Part, parts: Parts, findings: Findings) -> Iterator[tuple[dict[str, Any], Need]]:
    """The volumes of a component, as fields of the spec, with the requirement that each comes from.

    Args:
        host: The node that the component is hosted on.
        parts: All nodes.
        findings: Where it is noted what is wrong.
    """
    for need in host.needs:
        if need.name in _TYPES:
            disk = parts.nodes[need.target]
            path = _mounted(need, findings)
            fields = {"name": disk.label, "path": path, "type": _TYPES[need.name]}
            if "size" in disk.properties:
                fields["size"] = bytes_quantity(size(disk.properties["size"]))
            yield fields | _access(disk, fields["type"], findings), need


def _mounted(need: Need, findings: Findings) -> str:
    """Where a disk is attached. Source: TOSCA Simple Profile in YAML 1.3, section 5.7.5."""
    relationship = need.relationship
    known = isinstance(relationship, dict) and relationship.get("type", _ATTACHES) == _ATTACHES
    properties = relationship.get("properties") if known else None
    location = properties.get("location") if isinstance(properties, dict) else None
    if not isinstance(location, str):
        fix = f"add 'relationship: {{type: {_ATTACHES}, properties: {{location: /data}}}}'"
        findings.problem(need.path, f"nothing says where '{need.target}' is mounted", fix)
        return ""
    return location.rstrip("/")


def _access(disk: Part, kind: str, findings: Findings) -> dict[str, str]:
    written = disk.properties.get("access")
    if written is None:
        return {}
    mode = _ACCESS.get(str(written).replace("_", "").lower())
    if mode is None or kind == "ephemeral":
        why = "is for disks that outlive the component" if mode else "is no way to access a disk"
        findings.problem(disk.path("access"), f"'{written}' {why}", f"write one of {', '.join(_ACCESS.values())}")
        return {}
    return {} if mode == "ReadWriteOnce" else {"accessMode": mode}
