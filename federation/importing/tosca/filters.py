"""Node filters: what a component demands of its machine and a link of its network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from federation.importing.reading import Findings
from federation.importing.tosca import scalars
from federation.importing.tosca.blueprint import NodeTemplate, path_of
from federation.importing.tosca.constraints import Read, Span, span
from federation.importing.tosca.profile import NodeType
from federation.importing.tosca.unfit import Unfit
from federation.importing.tosca.values import note
from federation.spec.explaining import near, shown
from federation.spec.problems import FieldPath

_READS: Mapping[tuple[str, str], Read] = {
    ("host", "num_cpus"): scalars.number,
    ("host", "mem_size"): scalars.size,
    ("network", "latency"): scalars.time_ms,
    ("network", "bandwidth"): scalars.bits_per_s,
    ("network", "jitter"): scalars.time_ms,
}


@dataclass(frozen=True)
class Filter:
    """What a node filter leaves: spans of numbers, and words, each by capability and property.

    Attributes:
        spans: Numbers in the smallest unit: CPUs, bytes, milliseconds, bits in a second.
        words: Texts that must be equal.
        paths: Where each is written.
    """

    spans: Mapping[tuple[str, str], Span]
    words: Mapping[tuple[str, str], str]
    paths: Mapping[tuple[str, str], FieldPath]


@dataclass(frozen=True)
class _Clause:
    key: tuple[str, str]
    clause: Any
    path: FieldPath


def read_filter(name: str, template: NodeTemplate, node_type: NodeType, findings: Findings) -> Filter:
    """The filter of a node; what is wrong with it is noted."""
    spans: dict[tuple[str, str], Span] = {}
    words: dict[tuple[str, str], str] = {}
    paths: dict[tuple[str, str], FieldPath] = {}
    for each in _clauses(name, template, node_type, findings):
        paths[each.key] = each.path
        try:
            if each.key in _READS:
                spans[each.key] = spans.get(each.key, Span()).within(span(each.clause, _READS[each.key]))
            else:
                words[each.key] = _word(each.clause, words.get(each.key))
        except Unfit as error:
            note(findings, each.path, error)
    for key in (key for key, left in spans.items() if left.empty):
        findings.problem(paths[key], f"no {key[1]} fulfils all of these bounds", "loosen one of them")
    return Filter(spans, words, paths)


def _word(clause: Any, before: str | None) -> str:
    if not isinstance(clause, dict) or list(clause) != ["equal"] or not isinstance(clause["equal"], str):
        raise Unfit("only one text can be asked for", "write it like {equal: blue}")
    if before not in (None, clause["equal"]):
        raise Unfit(f"'{before}' is asked for already", "keep one of them")
    return str(clause["equal"])


def _clauses(name: str, template: NodeTemplate, node_type: NodeType, findings: Findings) -> Iterator[_Clause]:
    path = path_of(name, "node_filter")
    written = template.node_filter
    if written is None:
        return
    if not isinstance(written, dict) or set(written) != {"capabilities"}:
        findings.problem(path, "a node filter has capabilities and nothing else", "write {capabilities: [{host: …}]}")
        return
    for capability, bounds, where in _entries(written["capabilities"], (*path, "capabilities"), findings):
        if capability not in node_type.filters:
            message = f"the capability '{shown(capability)}' is not supported in a filter of a {template.type}"
            findings.problem(where, message, near(capability, node_type.filters, "capabilities"))
        elif not isinstance(bounds, dict) or set(bounds) != {"properties"}:
            findings.problem(where, "a capability has properties and nothing else", "write {properties: {…}}")
        else:
            yield from _properties(capability, bounds["properties"], (*where, "properties"), node_type, findings)


def _properties(
    capability: str, written: Any, path: FieldPath, node_type: NodeType, findings: Findings
) -> Iterator[_Clause]:
    known = node_type.filters[capability]
    for name, clauses, where in _entries(written, path, findings):
        if name not in known:
            message = f"the property '{shown(name)}' of {capability} is not supported in a filter"
            findings.problem(where, message, near(name, known, "properties"))
            continue
        for clause in clauses if isinstance(clauses, list) else [clauses]:
            yield _Clause((capability, name), clause, where)


def _entries(written: Any, path: FieldPath, findings: Findings) -> Iterator[tuple[str, Any, FieldPath]]:
    """The entries of a map, or of a list of maps: TOSCA writes the one, front ends write either."""
    if isinstance(written, dict):
        yield from ((key, value, (*path, key)) for key, value in written.items())
    elif isinstance(written, list) and all(isinstance(each, dict) for each in written):
        for index, each in enumerate(written):
            yield from ((key, value, (*path, index, key)) for key, value in each.items())
    else:
        findings.problem(path, "must be a map, or a list of maps", "write {name: value}, or lines that begin with '- '")
