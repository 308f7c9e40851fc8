"""Requirements: known to a node's type, fulfilled by a node of a right type, and never in a ring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from federation.importing.reading import Findings
from federation.importing.tosca.blueprint import NodeTemplate, path_of
from federation.importing.tosca.profile import NodeType, RequirementType
from federation.spec.explaining import near, shown
from federation.spec.problems import FieldPath

Types = Mapping[str, NodeType]
"""The type of every node by the node's name."""


@dataclass(frozen=True)
class Need:
    """One fulfilled requirement.

    Attributes:
        name: Of the requirement, such as ``host``.
        node: Of the node that has it.
        target: Of the node that fulfils it.
        path: Where it is written.
        relationship: How they are related, as it is written.
    """

    name: str
    node: str
    target: str
    path: FieldPath
    relationship: Any = None


def needs_of(templates: Mapping[str, NodeTemplate], types: Types, findings: Findings) -> tuple[Need, ...]:
    """Every requirement that is right, in the order of the blueprint; what is wrong with the others is noted."""
    needs: list[Need] = []
    for node, template in templates.items():
        if node in types:
            needs += _needs(node, template, types, templates, findings)
    written = [
        Need(name, node, each.node, path_of(node, "requirements", index, name))
        for node, template in templates.items()
        for index, entry in enumerate(template.requirements)
        for name, each in entry.items()
        if each.node in templates
    ]
    _check_rings(written, findings)
    return tuple(needs)


def _needs(
    node: str,
    template: NodeTemplate,
    types: Types,
    templates: Mapping[str, NodeTemplate],
    findings: Findings,
) -> list[Need]:
    found: list[Need] = []
    known = types[node].requirements
    for index, entry in enumerate(template.requirements):
        for name, requirement in entry.items():
            path = path_of(node, "requirements", index, name)
            if name not in known:
                message = f"{template.type} has no requirement '{shown(name)}'"
                findings.problem(path, message, near(name, known, "requirements"))
            elif requirement.node not in templates:
                message = f"'{node}' requires '{shown(requirement.node)}', which is no node of the blueprint"
                findings.problem(path, message, near(requirement.node, templates, "nodes"))
            elif templates[requirement.node].type not in known[name].node:
                message = f"'{requirement.node}' is a {templates[requirement.node].type}, which is no {name}"
                findings.problem(path, message, f"name a {' or '.join(known[name].node)}")
            else:
                found.append(Need(name, node, requirement.node, path, requirement.relationship))
    _check_occurrences(node, template, known, findings)
    return found


def _check_occurrences(
    node: str, template: NodeTemplate, known: Mapping[str, RequirementType], findings: Findings
) -> None:
    written = [name for entry in template.requirements for name in entry]
    for name, wanted in known.items():
        least, most = wanted.occurrences
        count = written.count(name)
        if count < least:
            fix = f"add '- {name}: …' to its requirements, with a {' or '.join(wanted.node)}"
            findings.problem(path_of(node), f"'{node}' lacks the requirement '{name}'", fix)
        if isinstance(most, int) and count > most:
            findings.problem(path_of(node, "requirements"), f"'{node}' has {count} times '{name}'", f"keep {most}")


def _check_rings(needs: list[Need], findings: Findings) -> None:
    """Each ring is told once, at the first node of it in the blueprint."""
    ahead: dict[str, list[Need]] = {}
    for need in needs:
        ahead.setdefault(need.node, []).append(need)
    done: set[str] = set()
    for start in ahead:
        _walk(start, ahead, done, findings)


def _walk(start: str, ahead: Mapping[str, list[Need]], done: set[str], findings: Findings) -> None:
    """Depth first without recursion: a blueprint may be a long chain."""
    way: dict[str, None] = {}
    stack: list[tuple[str, int]] = [(start, 0)]
    while stack:
        node, index = stack.pop()
        if index == 0:
            if node in done:
                continue
            way[node] = None
        onward = ahead.get(node, [])
        if index == len(onward):
            done.add(way.popitem()[0])
            continue
        stack.append((node, index + 1))
        need = onward[index]
        if need.target in way:
            ring = " → ".join([*list(way)[list(way).index(need.target) :], need.target])
            findings.problem(need.path, f"the requirements go in a ring: {ring}", "take one of them out")
        elif need.target not in done:
            stack.append((need.target, 0))
