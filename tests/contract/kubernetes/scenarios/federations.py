"""The kinds of Liqo and MetalLB under the definitions that their projects publish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.contract.kubernetes.observing import Observer, Scenario
from tests.contract.kubernetes.scenarios.custom import DEFINITIONS, define

CRDS = Path(__file__).parents[5] / "shared" / "data" / "crds"
_OBJECTS = (Path(__file__).parent / "federations.yaml").read_text()


def _define(see: Observer, folder: str) -> None:
    for file in sorted((CRDS / folder).glob("*.yaml")):
        for definition in yaml.safe_load_all(file.read_text()):
            if definition:
                define(see, definition)


def _life(see: Observer, group: str) -> None:
    """Each object: refused when wrong, applied twice, reported on, changed where it may not."""
    for body in yaml.safe_load_all(_OBJECTS):
        if not body["apiVersion"].split("/")[0].endswith(group):
            continue
        wrong, changed, plural = body.pop("wrong"), body.pop("changed", None), body.pop("plural")
        path = see.path(plural, body["apiVersion"])
        if body["kind"] == "ForeignCluster":
            path = f"/apis/{body['apiVersion']}/{plural}"
        one = f"{path}/{body['metadata']['name']}"
        see.post(path, {**body, "spec": wrong})
        see.apply(path, body, manager="flotilla")
        see.apply(path, body, manager="flotilla")
        see.patch("merge", f"{one}/status", {"status": {"unknownField": 1}})
        if changed is not None:
            see.patch("merge", one, {"spec": changed})
        see.http.delete(one)


def liqo(see: Observer) -> None:
    _define(see, "liqo-v1.2.0")
    _life(see, "liqo.io")


def metallb(see: Observer) -> None:
    _define(see, "metallb")
    _life(see, "metallb.io")


def published(see: Observer) -> None:
    _define(see, "liqo-v1.2.0")
    _define(see, "metallb")
    for group in ("core.liqo.io", "authentication.liqo.io", "networking.liqo.io", "ipam.liqo.io", "metallb.io"):
        versions = see.get(f"/apis/{group}")["versions"]
        for version in versions:
            see.get(f"/apis/{group}/{version['version']}", only=_rows)
    see.get(f"{DEFINITIONS}/foreignclusters.core.liqo.io", only=lambda told: told["status"])
    see.get(f"{DEFINITIONS}/ipaddresspools.metallb.io", only=lambda told: told["status"])


def _rows(told: Any) -> Any:
    return sorted(
        ({key: row[key] for key in ("name", "kind", "verbs", "shortNames") if key in row} for row in told["resources"]),
        key=lambda row: str(row["name"]),
    )


SCENARIOS: tuple[Scenario, ...] = (liqo, metallb, published) if CRDS.is_dir() else ()
