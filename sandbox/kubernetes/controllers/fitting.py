"""Whether a pod fits a node: selectors, affinity, taints, room. Pure functions.

Source: kubernetes.io, "Assigning Pods to Nodes" and "Taints and Tolerations"; messages as kube-scheduler words them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.objects import holds, labels_of, matches
from sandbox.kubernetes.controllers.quantities import parse_quantity

MISMATCH = "node(s) didn't match Pod's node affinity/selector"


def tolerates(spec: Object, taint: Mapping[str, str], *, forever: bool = False) -> bool:
    """Whether a pod tolerates a taint; ``forever`` counts only tolerations without a time limit."""
    for entry in spec.get("tolerations") or ():
        if forever and entry.get("tolerationSeconds") is not None:
            continue
        if entry.get("effect") and entry["effect"] != taint["effect"]:
            continue
        if entry.get("operator") == "Exists":
            if entry.get("key") in (None, "", taint["key"]):
                return True
        elif entry.get("key") == taint["key"] and entry.get("value", "") == taint.get("value", ""):
            return True
    return False


def matches_node(spec: Object, node: Object) -> bool:
    """Whether nodeSelector and required node affinity accept a node."""
    if not matches({"matchLabels": spec.get("nodeSelector") or {}}, labels_of(node)):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or matches_terms(required, node)


def matches_terms(selector: Object, node: Object) -> bool:
    """Whether a NodeSelector accepts a node: any of its terms does; a term without rules never does."""
    return any(_term(term, node) for term in selector.get("nodeSelectorTerms") or ())


def obstacle(spec: Object, requests: Mapping[str, float], node: Object, used: Mapping[str, float]) -> str | None:
    """Why a pod cannot go to a node, in the scheduler's words; None when it can."""
    for taint in node["spec"].get("taints") or ():
        if taint["effect"] != "PreferNoSchedule" and not tolerates(spec, taint):
            if taint["key"] == "node.kubernetes.io/unschedulable":
                return "node(s) were unschedulable"
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    if node["spec"].get("unschedulable") and not tolerates(spec, _CORDON):
        return "node(s) were unschedulable"
    if not matches_node(spec, node):
        return MISMATCH
    room = (node.get("status") or {}).get("allocatable") or {}
    for name, amount in requests.items():
        limit = parse_quantity(room.get(name, "0"))
        if amount and used.get(name, 0.0) + amount > limit:
            reason = "Too many pods" if name == "pods" else f"Insufficient {name}"
            return reason if amount <= limit else f"{reason}{HOPELESS}"
    return None


def explain(obstacles: list[str]) -> str:
    """The message of a pod that fits nowhere."""
    count = len(obstacles)
    if not count:
        return "no nodes available to schedule pods"
    said = [reason.removesuffix(HOPELESS) for reason in obstacles]
    reasons = ", ".join(f"{said.count(reason)} {reason}" for reason in sorted(set(said)))
    head = f"0/{count} nodes are available: "
    short = [r for r in obstacles if r.startswith(("Insufficient", "Too many")) and not r.endswith(HOPELESS)]
    help_text = [f"{len(short)} No preemption victims found for incoming pod"] if short else []
    if count > len(short):
        help_text.append(f"{count - len(short)} Preemption is not helpful for scheduling")
    return f"{head}{reasons}. no new claims to deallocate, preemption: {head}{', '.join(help_text)}."


def _term(term: Object, node: Object) -> bool:
    rules, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    names = {"metadata.name": node["metadata"]["name"]}
    both = [holds(rule, labels_of(node)) for rule in rules] + [holds(rule, names) for rule in fields]
    return bool(both) and all(both)


HOPELESS = " (ever)"
"""Marks what no removal of other pods would help."""
_CORDON = {"key": "node.kubernetes.io/unschedulable", "value": "", "effect": "NoSchedule"}
