"""A blueprint becomes an application, or every reason why it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from federation.importing.reading import Findings, Origins, Source, explained, origin, read_document, validated
from federation.importing.tosca.blueprint import TEMPLATES, VERSION, Blueprint, path_of
from federation.importing.tosca.bounds import connection_of
from federation.importing.tosca.components import ComponentWriter
from federation.importing.tosca.filters import read_filter
from federation.importing.tosca.linking import Linker, Served, ends_of
from federation.importing.tosca.options import ToscaOptions
from federation.importing.tosca.parts import Part, Parts
from federation.importing.tosca.placing import Clusters, Placer
from federation.importing.tosca.profile import NodeType, Profile
from federation.importing.tosca.properties import PropertyReader
from federation.importing.tosca.requirements import Need, needs_of
from federation.importing.tosca.values import resolved
from federation.importing.tosca.words import as_label
from federation.spec.application import Application
from federation.spec.explaining import near, shown
from federation.spec.problems import FieldPath, Problem, SpecErrors
from federation.spec.schema import federation_schema

_MAX_NAME = 30
_NO_OPTIONS = ToscaOptions()


@dataclass(frozen=True)
class ImportedApplication:
    """An application that was made from a blueprint.

    Attributes:
        application: The application.
        remarks: What the blueprint's author should know, each with its line in the blueprint.
        findings: The blueprint with its positions, for what is found wrong later.
        origins: Where in the blueprint each part of the application comes from.
    """

    application: Application
    remarks: tuple[Problem, ...]
    findings: Findings
    origins: Origins


def import_tosca(
    source: Source, profile: Profile, options: ToscaOptions = _NO_OPTIONS, clusters: Clusters | None = None
) -> ImportedApplication:
    """The application that a blueprint describes. The same blueprint gives the same, whatever order its nodes are in.

    Args:
        source: Text of the blueprint.
        profile: The node types that it may use.
        options: Answers to what it does not say.
        clusters: Labels of the clusters that it may be placed on, by name; None when they are not known.

    Raises:
        SpecErrors: Every problem with its line, column, field and fix: fields first, then what does not fit together.
    """
    findings = read_document(source, f"tosca_definitions_version: {VERSION}")
    blueprint = validated(Blueprint, findings)
    _check_imports(blueprint, profile, findings)
    parts = _parts(blueprint, profile, options, findings)
    findings.stop_if_any()
    content, origins = _application(parts, options, clusters, findings)
    findings.stop_if_any()
    return ImportedApplication(_valid(content, origins, findings), findings.told(), findings, origins)


def undecided(source: Source, profile: Profile, options: ToscaOptions, clusters: Clusters) -> tuple[str, ...]:
    """Names of the components that neither the blueprint nor the importer nor any label places.

    Raises:
        SpecErrors: Fields of the blueprint are wrong by themselves.
    """
    findings = read_document(source, f"tosca_definitions_version: {VERSION}")
    parts = _parts(validated(Blueprint, findings), profile, options, findings)
    findings.stop_if_any()
    placer = Placer(options.place, clusters, Findings(findings.root, findings.source))
    hosts = {part.node: parts.nodes[host] for part in parts.of("component") if (host := part.target("host"))}
    return tuple(part.label for part in parts.of("component") if placer.cluster_of(part, hosts.get(part.node)) is None)


def _check_imports(blueprint: Blueprint, profile: Profile, findings: Findings) -> None:
    for index, each in enumerate(blueprint.imports):
        file = each.get("file") if isinstance(each, dict) else each
        if file not in profile.imports:
            message = f"the types in '{shown(file)}' are not known: nothing is read from disk or from the net"
            findings.problem(("imports", index), message, near(str(file), profile.imports, "known"))


def _parts(blueprint: Blueprint, profile: Profile, options: ToscaOptions, findings: Findings) -> Parts:
    topology = blueprint.topology_template
    inputs = resolved(topology.inputs, options.inputs, findings)
    reader = PropertyReader(topology.inputs, inputs, findings)
    types: dict[str, NodeType] = {}
    for name, template in topology.node_templates.items():
        if template.type in profile.node_types:
            types[name] = profile.node_types[template.type]
        else:
            message = f"the node type '{shown(template.type)}' is not known"
            findings.problem(path_of(name, "type"), message, near(template.type, profile.node_types, "types"))
    needs: dict[str, list[Need]] = {}
    for need in needs_of(topology.node_templates, types, findings):
        needs.setdefault(need.node, []).append(need)
    nodes: dict[str, Part] = {}
    for name in sorted(types):
        template = topology.node_templates[name]
        properties = reader.read(name, template, types[name])
        bounds = read_filter(name, template, types[name], findings)
        own = sorted(needs.get(name, ()), key=lambda need: (need.name, need.target))
        nodes[name] = Part(name, types[name], properties, bounds, tuple(own))
    _remark_unused(blueprint, findings)
    return Parts(blueprint, nodes)


def _remark_unused(blueprint: Blueprint, findings: Findings) -> None:
    topology = blueprint.topology_template
    if topology.outputs:
        findings.remark(("topology_template", "outputs"), "outputs are not computed", "see: flotilla status")
    for name, template in topology.node_templates.items():
        if template.attributes:
            findings.remark(path_of(name, "attributes"), "attributes are for an orchestrator to fill in: not kept")


def _application(
    parts: Parts, options: ToscaOptions, clusters: Clusters | None, findings: Findings
) -> tuple[dict[str, Any], Origins]:
    components = parts.of("component")
    _check_names(components, findings)
    _remark_outsiders(parts, findings)
    placer = Placer(options.place, clusters, findings)
    placer.check_answers(parts)
    hosts = {part.node: parts.nodes[host] for part in components if (host := part.target("host"))}
    placed = {part.node: placer.cluster_of(part, hosts.get(part.node)) for part in components}
    known = {node: cluster for node, cluster in placed.items() if cluster is not None}
    served, connections = _links(parts, known, findings)
    _check_doors(served, parts, options, findings)
    writer = ComponentWriter(parts, options, findings)
    written = [
        writer.component(index, part, hosts.get(part.node), known.get(part.node, ""), served.get(part.node, ()))
        for index, part in enumerate(components)
    ]
    origins = writer.origins | {("connections", index): path_of(link) for index, (link, _) in enumerate(connections)}
    head = _head(parts.blueprint, options, findings, origins)
    body = {"components": written, "connections": [each for _, each in connections]}
    return head | {key: value for key, value in body.items() if value or key == "components"}, origins


def _links(
    parts: Parts, placed: Mapping[str, str], findings: Findings
) -> tuple[dict[str, list[Served]], list[tuple[str, dict[str, Any]]]]:
    """What each node serves, and the connections with the links that they come from."""
    linker, ends = Linker(placed, findings), ends_of(parts)
    served: dict[str, list[Served]] = {}
    connections: list[tuple[str, dict[str, Any]]] = []
    for link in parts.of("link"):
        for each in linker.served(link, ends[link.node]):
            served.setdefault(each.component, []).append(each)
        names = [end.part.label for end in ends[link.node] if not end.part.external]
        connection = connection_of(link, names, findings)
        if connection is not None:
            connections.append((link.node, connection))
    return served, connections


def _check_names(components: tuple[Part, ...], findings: Findings) -> None:
    first: dict[str, str] = {}
    if not components:
        findings.problem(TEMPLATES, "no node is to be deployed", "add a component with 'deployment_unit: K8S_POD'")
    for part in components:
        other = first.setdefault(part.label, part.node)
        if other != part.node:
            message = f"'{other}' and '{part.node}' would both be a component '{part.label}'"
            findings.problem(part.path("name"), message, "rename one of them")


def _remark_outsiders(parts: Parts, findings: Findings) -> None:
    for part in parts.of("external"):
        fix = "a component that calls it needs its address in its environment"
        findings.remark(path_of(part.node), f"'{part.label}' is outside and not deployed", fix)
    for part in parts.of("component"):
        for need in part.needs:
            if need.name == "dependency":
                findings.remark(need.path, "components start in no order: each must wait for those that it needs")


def _check_doors(served: Mapping[str, list[Served]], parts: Parts, options: ToscaOptions, findings: Findings) -> None:
    """Host names and certificates are for components that are public."""
    public = {parts.nodes[node].label for node, each in served.items() if any(s.expose == "public" for s in each)}
    for name in sorted({*options.hosts, *options.certificates} - public):
        message = f"a host name or certificate is given for '{name}', which is no public component"
        findings.problem(TEMPLATES, message, near(name, public, "public components"))


def _head(
    blueprint: Blueprint, options: ToscaOptions, findings: Findings, origins: dict[FieldPath, FieldPath]
) -> dict[str, Any]:
    """Name, owner and registry secret of the application."""
    metadata = blueprint.metadata
    name = options.name or as_label(metadata.template_name or "")
    origins[("name",)], origins[("owner",)] = ("metadata", "template_name"), ("metadata", "template_author")
    if not name or len(name) > _MAX_NAME:
        what = f"'{name}' has {len(name)} characters, more than {_MAX_NAME}" if name else "there is no template_name"
        findings.problem(("metadata", "template_name"), f"the application needs a name: {what}", "give --name NAME")
    owner = options.owner or as_label(metadata.template_author or "") or None
    fields = {"name": name, "owner": owner, "registrySecret": options.registry_secret}
    return {key: value for key, value in fields.items() if value is not None}


def _valid(content: dict[str, Any], origins: Origins, findings: Findings) -> Application:
    try:
        return Application.model_validate(content, by_alias=True, by_name=False)
    except ValidationError as error:
        schema = {"$ref": "#/$defs/Application", "$defs": federation_schema()["$defs"]}
        for path, message, fix in explained(error, schema):
            findings.problem(origin(path, origins), message, fix)
    raise SpecErrors(findings.problems)
