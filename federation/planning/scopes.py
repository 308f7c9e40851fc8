"""Scopes: the same plan, narrowed. ``bootstrap-cluster``, ``install-addons`` and the like are slices of one plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from federation.planning.actions import (
    Action,
    AddOnAction,
    ApplicationAction,
    ClusterAction,
    ComponentAction,
    DirectionAction,
    MachineAction,
    PairAction,
)
from federation.planning.guards import Admission, Held, hold_dependents
from federation.planning.plan import build_plan


@dataclass(frozen=True)
class Scope:
    """A slice of a plan. ``includes`` says which actions belong to it; ``title`` is for people."""

    title: str
    includes: Callable[[Action], bool]


EVERYTHING = Scope("everything", lambda _action: True)


def cluster_scope(cluster: str) -> Scope:
    """Foundation, machines, nodes and network plugin of one cluster."""
    return Scope(
        f"cluster {cluster}",
        lambda action: isinstance(action, ClusterAction | MachineAction) and action.cluster == cluster,
    )


def addons_scope(cluster: str | None = None) -> Scope:
    """Add-ons of one cluster, or of all."""
    return Scope(
        f"add-ons of {cluster or 'all clusters'}",
        lambda action: isinstance(action, AddOnAction) and cluster in (None, action.cluster),
    )


def peerings_scope(first: str | None = None, second: str | None = None) -> Scope:
    """Peerings, all of them or those between two clusters."""
    wanted = {name for name in (first, second) if name}

    def includes(action: Action) -> bool:
        match action:
            case DirectionAction(key=key):
                return wanted <= set(key.pair)
            case PairAction(first=one, second=other):
                return wanted <= {one, other}
            case _:
                return False

    return Scope(f"peerings {' and '.join(sorted(wanted)) or 'of all clusters'}", includes)


def application_scope(application: str | None = None) -> Scope:
    """One application, or all."""
    return Scope(
        f"application {application or 'all'}",
        lambda action: (
            isinstance(action, ApplicationAction | ComponentAction) and application in (None, action.application)
        ),
    )


def narrow(admission: Admission, scope: Scope) -> Admission:
    """The steps of a scope. One that waits for a step outside the scope is held: out of order it would do harm."""
    outside = {step.key for step in admission.plan if not scope.includes(step.action)}
    inside = build_plan(step for step in admission.plan if step.key not in outside)
    held = {hold.key: hold for hold in admission.held}
    for step in inside:
        waits = step.needs | step.after if step.action.destructive else step.needs
        missing = sorted(waits & outside)
        if missing:
            held[step.key] = Held(step.key, "OutsideScope", f"waits for {missing[0]}, which is not in {scope.title}")
    return replace(hold_dependents(inside, held), findings=admission.findings)
