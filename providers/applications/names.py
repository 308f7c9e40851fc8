"""Names and marks that all objects of a component share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.kubernetes.resources import DEPLOYMENT, JOB, STATEFUL_SET, Kind
from federation.spec.application import Application, Component
from federation.spec.marks import APPLICATION, COMPONENT, PARTS, labels

WORKLOAD_KINDS = (DEPLOYMENT, STATEFUL_SET, JOB)
"""Kinds that run the pods of components."""


def workload_kind(component: Component) -> Kind:
    """The kind that runs the pods of a component."""
    return next(kind for kind in WORKLOAD_KINDS if kind.kind == component.workload)


def component_meta(federation: str, application: Application, component: Component) -> dict[str, Any]:
    """Name, namespace and marks of every object of a component."""
    own = labels(federation, application=application.name, component=component.name)
    return {"name": component.name, "namespace": application.name, "labels": own}


def selector_of(application: Application, component: Component) -> dict[str, str]:
    """Labels by which workload and Service find the pods; they never change."""
    return {APPLICATION: application.name, COMPONENT: component.name}


def parts_in(workload: Mapping[str, Any]) -> frozenset[str]:
    """Everything that a live workload needs beside itself, as kind and name."""
    noted = str((workload["metadata"].get("annotations") or {}).get(PARTS, ""))
    return frozenset(filter(None, noted.split(",")))
