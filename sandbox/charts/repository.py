"""The stand-in charts: the names, versions, values and leaf objects of real ones, with containers that do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from sandbox.charts.archive import Chart, pack
from sandbox.kubernetes.controllers.liqo.definitions import crds as liqo_crds
from sandbox.kubernetes.controllers.metallb.definitions import crds as metallb_crds

DESCRIPTION = "Stand-in for the sandbox: the shape of the real chart, none of its programs"
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
    return yaml.safe_dump({"apiVersion": "v1", "entries": entries}, sort_keys=True)


def _build(name: str, version: str, app_version: str) -> Chart:
    metadata = {
        "apiVersion": "v2",
        "name": name,
        "version": version,
        "appVersion": app_version,
        "description": f"{DESCRIPTION} ({name})",
        "type": "application",
    }
    content = {"Chart.yaml": yaml.safe_dump(metadata), **dict(_files(_STANDINS / name)), **_definitions(name)}
    content["templates/_workload.tpl"] = (_STANDINS / "shared" / "_workload.tpl").read_text()
    return Chart(metadata, pack(name, content))


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_text()


def _definitions(name: str) -> dict[str, str]:
    """CustomResourceDefinitions, where the real chart has them: MetalLB's go with the release, Liqo's outlive it."""
    if name == "metallb":
        return {"templates/crds.yaml": yaml.safe_dump_all(metallb_crds(), sort_keys=False)}
    if name == "liqo":
        return {f"crds/{crd['metadata']['name']}.yaml": yaml.safe_dump(crd, sort_keys=False) for crd in liqo_crds()}
    return {}
