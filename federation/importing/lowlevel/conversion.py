"""A LowLevelOrchestration becomes a federation, or every reason why it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from federation.importing.lowlevel.addressing import ranges
from federation.importing.lowlevel.applications import ApplicationWriter
from federation.importing.lowlevel.options import LowLevelOptions
from federation.importing.lowlevel.resource import FIRST_LINE, ClusterEntry, Orchestration
from federation.importing.reading import Findings, Origins, Source, explained, origin, read_document, validated
from federation.importing.writing import render_yaml
from federation.spec.catalogue import Knowledge
from federation.spec.explaining import near
from federation.spec.federation import API_VERSION, Federation
from federation.spec.homes import homes_of
from federation.spec.problems import FieldPath, Problem, SpecErrors
from federation.spec.validation import check

_NO_OPTIONS = LowLevelOptions()
_CLUSTER_FIELDS = {
    ("distribution", "type"): "provider",
    ("distribution", "version"): "kubernetes-version",
    ("controlPlane",): "control-plane-count",
    ("controlPlane", "flavor"): "control-plane-flavor",
    ("workers",): "worker-machine-count",
    ("workers", 0, "flavor"): "worker-machine-flavor",
    ("infrastructure", "image"): "image",
    ("name",): "name",
}


@dataclass(frozen=True)
class ImportedFederation:
    """A federation that was made from a resource.

    Attributes:
        federation: The federation, known to be valid.
        text: It as YAML.
        remarks: What the resource's author should know, each with its line there.
    """

    federation: Federation
    text: str
    remarks: tuple[Problem, ...]


def import_lowlevel(source: Source, knowledge: Knowledge, options: LowLevelOptions = _NO_OPTIONS) -> ImportedFederation:
    """The federation that a LowLevelOrchestration describes; the same for the same text and options.

    Args:
        source: Text of the resource.
        knowledge: What specs are checked against.
        options: Answers to what it does not say.

    Raises:
        SpecErrors: Every problem with its line, column, field and fix: fields first, then what does not fit together.
    """
    findings = read_document(source, FIRST_LINE)
    resource = validated(Orchestration, findings)
    writer = ApplicationWriter(options, lambda name, path: _cluster(name, path, resource, findings), findings)
    applications = [writer.application(index, app) for index, app in enumerate(resource.spec.apps)]
    for name in sorted({*options.hosts, *options.certificates} - writer.public):
        message = f"a host name or certificate is given for '{name}', which is no public component"
        findings.problem(("spec", "apps"), message, near(name, writer.public, "public components"))
    peerings = [_peering(index, link, options, resource, findings) for index, link in enumerate(resource.spec.links)]
    document = {
        "apiVersion": API_VERSION,
        "kind": "Federation",
        "metadata": _metadata(resource, options),
        "spec": {
            "clusters": _clusters(resource, options, findings),
            "peerings": peerings,
            "applications": applications,
        },
    }
    findings.stop_if_any()
    origins = dict(_origins(resource)) | writer.origins
    _add_addons(document, _valid(document, origins, findings), options)
    federation = _valid(document, origins, findings)
    for violation in check(federation, knowledge):
        findings.problem(origin(violation.field, origins), violation.message, violation.fix)
    findings.stop_if_any()
    _remark_homes(resource, federation, findings)
    return ImportedFederation(federation, render_yaml(document), findings.told())


def _metadata(resource: Orchestration, options: LowLevelOptions) -> dict[str, Any]:
    labels = {"labels": dict(resource.metadata.labels)} if resource.metadata.labels else {}
    return {"name": options.name or resource.metadata.name, **labels}


def _clusters(resource: Orchestration, options: LowLevelOptions, findings: Findings) -> list[dict[str, Any]]:
    entries = resource.spec.clusters
    pods, services = ranges(options.pod_range, len(entries)), ranges(options.service_range, len(entries))
    if min(len(pods), len(services)) < len(entries):
        message = f"{options.pod_range} and {options.service_range} have no /16 for each of {len(entries)} clusters"
        findings.problem(("spec", "clusters"), message, "give wider ranges with --pod-range and --service-range")
        return []
    if options.pod_range.overlaps(options.service_range):
        message = f"the ranges {options.pod_range} and {options.service_range} overlap"
        findings.problem(("spec", "clusters"), message, "give others with --pod-range and --service-range")
    networks = [{"podCIDR": str(pod), "serviceCIDR": str(service)} for pod, service in zip(pods, services, strict=True)]
    return [
        _written(entry, network, options, index, findings)
        for index, (entry, network) in enumerate(zip(entries, networks, strict=True))
    ]


def _written(
    entry: ClusterEntry, network: Mapping[str, str], options: LowLevelOptions, index: int, findings: Findings
) -> dict[str, Any]:
    version = entry.kubernetes_version
    if entry.provider == "k3s" and "+" not in version:
        version = f"{version}+k3s1"
        path = ("spec", "clusters", index, "kubernetes-version")
        findings.remark(path, f"taken for {version}, the first release of k3s of that version")
    infrastructure = {"type": "openstack", "cloud": options.cloud, "image": entry.image}
    pool = {"name": "default", "count": entry.worker_machine_count, "flavor": entry.worker_machine_flavor}
    return {
        "name": entry.name,
        "infrastructure": infrastructure | {"externalNetwork": options.external_network},
        "distribution": {"type": entry.provider, "version": version},
        "controlPlane": {"count": entry.control_plane_count, "flavor": entry.control_plane_flavor},
        **({"workers": [pool]} if entry.worker_machine_count else {}),
        "network": dict(network),
    }


def _peering(
    index: int, link: tuple[str, str], options: LowLevelOptions, resource: Orchestration, findings: Findings
) -> dict[str, Any]:
    first, second = (_cluster(name, ("spec", "links", index, place), resource, findings)
                     for place, name in enumerate(link))  # fmt: skip
    profile = {} if options.profile == "lan" else {"profile": options.profile}
    if options.direction == "both":
        return {"between": [first, second], "type": "liqo", **profile}
    ends = (first, second) if options.direction == "first-consumes" else (second, first)
    return {"consumer": ends[0], "provider": ends[1], "type": "liqo", **profile}


def _cluster(name: str, path: FieldPath, resource: Orchestration, findings: Findings) -> str:
    """The cluster that a name means: ``ORCHESTRATION-CLUSTER`` as in selectors, or the cluster alone."""
    known = [cluster.name for cluster in resource.spec.clusters]
    alone = name.removeprefix(f"{resource.metadata.name}-")
    found = next((each for each in (alone, name) if each in known), None)
    if found is None:
        full = [f"{resource.metadata.name}-{each}" for each in known]
        findings.problem(path, f"there is no cluster '{name}'", near(name, [*known, *full], "clusters"))
    return found or name


def _origins(resource: Orchestration) -> Iterator[tuple[FieldPath, FieldPath]]:
    yield ("metadata", "name"), ("metadata", "name")
    for index in range(len(resource.spec.links)):
        yield ("spec", "peerings", index), ("spec", "links", index)
    for index in range(len(resource.spec.clusters)):
        path: FieldPath = ("spec", "clusters", index)
        yield path, path
        for field, name in _CLUSTER_FIELDS.items():
            yield (*path, *field), (*path, name)


def _add_addons(document: Any, federation: Federation, options: LowLevelOptions) -> None:
    """What links and public ports need: Liqo on both ends, an ingress at the home, and MetalLB for either."""
    linked = {name for key in federation.directions for name in key.pair}
    homes = homes_of(federation)
    public = {homes[each.name] for each in federation.spec.applications if any(c.public for c in each.components)}
    for cluster in document["spec"]["clusters"]:
        wanted = {"liqo": cluster["name"] in linked, options.ingress: cluster["name"] in public}
        addons = [name for name, needed in wanted.items() if needed]
        if addons:
            cluster["addons"] = ["metallb", *addons]


def _valid(document: dict[str, Any], origins: Origins, findings: Findings) -> Federation:
    try:
        return Federation.model_validate(document, by_alias=True, by_name=False)
    except ValidationError as error:
        for path, message, fix in explained(error):
            findings.problem(origin(path, origins), message, fix)
    raise SpecErrors(findings.problems)


def _remark_homes(resource: Orchestration, federation: Federation, findings: Findings) -> None:
    homes = homes_of(federation)
    for index, app in enumerate(resource.spec.apps):
        home = homes[app.name]
        if app.cluster is not None and home != _cluster(app.cluster, (), resource, findings):
            message = f"the home of '{app.name}' is {home}, where its public components are, or most of them"
            findings.remark(("spec", "apps", index, "cluster"), message)
