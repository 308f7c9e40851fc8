"""What of the objects that carry our labels is ours: anybody can copy labels, and nothing of others is ever removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.apply import ensure_gone
from clients.kubernetes.resources import Kind
from federation.spec.marks import MANAGER, VOLUME
from providers.contracts import Side

Object = Mapping[str, Any]


def is_ours(obj: Object) -> bool:
    """Whether we applied an object, or it is a claim that a workload of ours made."""
    meta = obj["metadata"]
    applied = any(each.get("manager") == MANAGER for each in meta.get("managedFields") or ())
    return applied or VOLUME in (meta.get("labels") or {})


def owned(home: Side, kind: Kind, namespace: str, labels: Mapping[str, str]) -> list[Object]:
    """Every object of ours of a kind that carries some labels."""
    return [each for each in home.kubernetes.list(kind, namespace, labels=dict(labels)) if is_ours(each)]


def emptied(home: Side, kind: Kind, namespace: str, labels: Mapping[str, str]) -> bool:
    """Ask for deletion of every such object of ours; True when none is there any more."""
    found = owned(home, kind, namespace, labels)
    gone = [ensure_gone(home.kubernetes, kind, each["metadata"]["name"], namespace) for each in found]
    return all(gone)
