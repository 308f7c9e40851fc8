"""The stand-in charts: the names, versions, values and leaf objects of real ones, with containers that do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from sandbox.charts.archive import Chart, pack
from sandbox.kubernetes.controllers.crd import FREE, Definition
from sandbox.kubernetes.controllers.liqo.definitions import crds as liqo_crds
from sandbox.kubernetes.controllers.metallb.definitions import crds as metallb_crds
from sandbox.kubernetes.controllers.strimzi.definitions import crds as strimzi_crds

DESCRIPTION = "Stand-in for the sandbox: the shape of the real chart, none of its programs"
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_STANDINS = files("sandbox.charts") / "standins"

Repository = Mapping[str, Chart]
"""Charts by the file names of their archives."""


@cache
def repositories() -> Mapping[str, Repository]:
    """Every chart repository by its name."""
    result: dict[str, dict[str, Chart]] = {}
    catalogue: dict[str, Any] = yaml.safe_load((_STANDINS / "charts.yaml").read_text())
    for name, entry in catalogue.items():
        charts = result.setdefault(entry["repository"], {})
        for version, app_version in entry["versions"].items():
            chart = _build(name, str(version), str(app_version))
            charts[chart.file] = chart
    return result


def render_index(repository: Repository) -> str:
    """The repository's ``index.yaml``, newest version first; archives are named relative to it."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for chart in reversed(list(repository.values())):
        entry = {**chart.metadata, "digest": chart.digest, "urls": [chart.file]}
        entries.setdefault(chart.name, []).append(entry)
    return _yaml({"apiVersion": "v1", "entries": entries})


def _build(name: str, version: str, app_version: str) -> Chart:
    metadata = {
        "apiVersion": "v2",
        "name": name,
        "version": version,
        "appVersion": app_version,
        "description": f"{DESCRIPTION} ({name})",
        "type": "application",
    }
    content = {
        "Chart.yaml": _yaml(metadata),
        **dict(_files(_STANDINS / name)),
        **_definitions(name, version),
    }
    content["templates/_workload.tpl"] = (_STANDINS / "shared" / "_workload.tpl").read_text()
    return Chart(metadata, pack(name, content))


def _yaml(*documents: dict[str, Any]) -> str:
    return str(yaml.dump_all(documents, sort_keys=False, Dumper=_DUMPER))


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_text()


def _definitions(name: str, version: str) -> dict[str, str]:
    """CustomResourceDefinitions, where the real chart has them: MetalLB's go with the release, most outlive it."""
    if name == "metallb":
        return {"templates/crds.yaml": _yaml(*metallb_crds())}
    if name == "liqo":
        return _folder(liqo_crds(), version)
    if name == "strimzi-kafka-operator":
        return _folder(strimzi_crds(), version)
    entry: dict[str, Any] = _free_definitions().get(name, {"groups": {}})
    made = [_free(group, kind, plural) for group, kinds in entry["groups"].items() for kind, plural in kinds.items()]
    if not entry.get("keep"):
        return _folder(made, version)
    for each in made:
        each["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    text = _yaml(*made)
    return {"templates/crds.yaml": "{{- if .Values.crds.enabled }}\n" + text + "{{- end }}\n"}


def _folder(definitions: list[dict[str, Any]], version: str) -> dict[str, str]:
    """Files of the chart's ``crds``; a label tells the versions apart, as new fields do in the real ones."""
    for each in definitions:
        each["metadata"]["labels"] = {"standin/version": version}
    return {f"crds/{each['metadata']['name']}.yaml": _yaml(each) for each in definitions}


@cache
def _free_definitions() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((_STANDINS / "definitions.yaml").read_text())
    return found


def _free(group: str, kind: str, plural: str) -> dict[str, Any]:
    """A definition that takes any object. Groups of Kubernetes itself are protected, and need an approval."""
    name, _, version = group.partition("/")
    definition = Definition(kind, plural.rstrip("*"), FREE, FREE, cluster_wide=plural.endswith("*"))
    made = definition.manifest(name, version)
    if name.endswith(".k8s.io"):
        made["metadata"]["annotations"] = {
            "api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements/pull/1111"
        }
    return made
