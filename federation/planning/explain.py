"""A plan for people and programs: text, JSON, a table and a Mermaid graph."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from federation.planning.guards import Admission, Held
from federation.planning.outcomes import Outcome
from federation.planning.plan import Plan, Step
from federation.preflight.findings import Finding
from federation.spec.problems import render_field

_SIGN = {"create": "+", "change": "~", "repair": "!", "prune": "-"}
_WORD = {"+": "create", "~": "change", "!": "repair", "-": "remove"}


def sign(step: Step) -> str:
    """One character: ``+`` create, ``~`` change, ``!`` repair, ``-`` remove."""
    return "-" if step.action.destructive else _SIGN[step.cause]


def render_text(admission: Admission) -> str:
    """The plan as lines, in an order in which it could run; held steps at the end."""
    if not admission.plan.steps and not admission.held:
        return "Nothing to do: what is there is what was asked for."
    lines = [_text_line(step) for step in admission.plan]
    told = {finding.message for finding in admission.findings}
    lines += [f"  ? {held.key}: held ({held.reason}){_why(held, told)}" for held in admission.held]
    lines += [f"  ! preflight of {each.cluster}: {_told(each)}" for each in admission.findings]
    return "\n".join([*lines, "", summary(admission)])


def _why(held: Held, told: set[str]) -> str:
    """The message of a held step, unless a finding below says the same for many steps at once."""
    return ", see the preflight" if held.message in told else f": {held.message}"


def _told(finding: Finding) -> str:
    return f"{finding.reason}: {render_field(finding.field)}: {finding.message}"


def _text_line(step: Step) -> str:
    approximate = "" if step.exact else " (approximate)"
    return f"  {sign(step)} {step.key}: {step.reason}{approximate}"


def summary(admission: Admission) -> str:
    """One line that counts."""
    signs = [sign(step) for step in admission.plan]
    parts = [
        f"{signs.count('+')} to create",
        f"{signs.count('~')} to change",
        f"{signs.count('!')} to repair",
        f"{signs.count('-')} to remove",
    ]
    held = f", {len(admission.held)} held" if admission.held else ""
    return f"Plan: {', '.join(parts)}{held}."


def render_rows(admission: Admission, outcomes: Mapping[str, Outcome] | None = None) -> list[dict[str, str]]:
    """The plan as table rows, with what came of each step when that is known."""
    outcomes = outcomes or {}
    rows = [_row(step, outcomes.get(step.key)) for step in admission.plan]
    return rows + [_held_row(held) for held in admission.held]


def _row(step: Step, outcome: Outcome | None) -> dict[str, str]:
    row = {"change": _WORD[sign(step)], "action": step.action.verb, "target": step.action.target, "reason": step.reason}
    if outcome is not None:
        row |= {"result": outcome.result, "seconds": f"{outcome.duration_s:.1f}", "message": outcome.message}
    return row


def _held_row(held: Held) -> dict[str, str]:
    verb, _, target = held.key.partition("/")
    return {"change": "held", "action": verb, "target": target, "reason": f"held: {held.message}"}


def render_json(admission: Admission) -> str:
    """The plan as JSON, stable from run to run."""
    content: dict[str, Any] = {
        "digest": admission.plan.digest,
        "steps": [
            {
                "key": step.key,
                "verb": step.action.verb,
                "target": step.action.target,
                "scope": step.action.scope,
                "reason": step.reason,
                "cause": step.cause,
                "destructive": step.action.destructive,
                "exact": step.exact,
                "needs": sorted(key for key in step.needs if key in admission.plan),
                "after": sorted(key for key in step.after if key in admission.plan),
            }
            for step in admission.plan
        ],
        "held": [{"key": held.key, "reason": held.reason, "message": held.message} for held in admission.held],
        "findings": [finding.document for finding in admission.findings],
    }
    return json.dumps(content, indent=2)


def render_mermaid(plan: Plan) -> str:
    """The plan as a Mermaid flow chart, one box a step, grouped by cluster; implied arrows are left out."""
    names = {step.key: f"s{index}" for index, step in enumerate(plan)}
    lines = ["flowchart LR"]
    for scope in sorted({step.action.scope for step in plan}):
        lines.append(f"  subgraph {scope}")
        lines += [f'    {names[step.key]}["{_label(step)}"]' for step in plan if step.action.scope == scope]
        lines.append("  end")
    for step in plan:
        for wanted in sorted(direct_needs(plan, step)):
            arrow = "-->" if wanted in step.needs else "-.->"
            lines.append(f"  {names[wanted]} {arrow} {names[step.key]}")
    return "\n".join(lines)


def _label(step: Step) -> str:
    return f"{sign(step)} {step.action.verb}<br/>{step.action.target}".replace('"', "'")


def direct_needs(plan: Plan, step: Step) -> frozenset[str]:
    """Keys that a step waits for and that no other awaited step waits for already, however far back."""
    waits = plan.waits_for(step)
    implied: set[str] = set()
    ahead = [far for key in waits for far in plan.waits_for(plan.step(key))]
    while ahead:
        key = ahead.pop()
        if key not in implied:
            implied.add(key)
            ahead += plan.waits_for(plan.step(key))
    return waits - implied
