"""Our definitions against the published ones, where those are at hand (``UPSTREAM_CRDS`` names their folder)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from sandbox.kubernetes.controllers.liqo import definitions as liqo
from sandbox.kubernetes.controllers.metallb import definitions as metallb
from tests.contract.controllers.clusters import TestFleet
from tests.contract.controllers.liqo_steps import offload, peer, two

UPSTREAM = Path(os.environ.get("UPSTREAM_CRDS", Path(__file__).parents[4] / "shared" / "data" / "crds"))
OURS = {crd["metadata"]["name"]: crd for crd in [*liqo.crds(), *metallb.crds()]}


def published() -> dict[str, Any]:
    """Every published definition of Liqo and MetalLB by name."""
    files = [*UPSTREAM.glob("liqo-*/*.yaml"), *UPSTREAM.glob("metallb/*.yaml")]
    documents = [yaml.safe_load(path.read_text()) for path in files]
    return {document["metadata"]["name"]: document for document in documents}


THEIRS = published()
BOTH = sorted(set(OURS) & set(THEIRS))
OPAQUE = {"metadata"}


def stored(crd: Any) -> Any:
    """The version that is kept."""
    return next(version for version in crd["spec"]["versions"] if version["storage"])


WORDS = ("type", "default", "x-kubernetes-int-or-string")
LISTS = ("required", "enum")


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where a published schema and ours disagree: fields, requirements, words, types. Free parts of ours end it."""
    if ours.get("x-kubernetes-preserve-unknown-fields"):
        return []
    pairs = [(word, ours.get(word), theirs.get(word)) for word in WORDS]
    pairs += [(word, sorted(ours.get(word) or ()), sorted(theirs.get(word) or ())) for word in LISTS]
    mine, other = ours.get("properties") or {}, theirs.get("properties") or {}
    pairs.append(("properties", sorted(mine), sorted(other)))
    found = [f"{path}: {word} {a} / {b}" for word, a, b in pairs if a != b]
    for name in sorted((set(mine) & set(other)) - OPAQUE):
        found += differences(mine[name], other[name], f"{path}.{name}")
    for part in ("items", "additionalProperties"):
        if isinstance(ours.get(part), dict) and isinstance(theirs.get(part), dict):
            found += differences(ours[part], theirs[part], f"{path}[]")
    return found


def test_there_are_28_kinds_of_liqo() -> None:
    """None is missing."""
    assert len(liqo.crds()) == 28
    assert {crd["spec"]["group"].partition(".")[2] for crd in liqo.crds()} == {"liqo.io"}


@pytest.mark.skipif(not THEIRS, reason="no published definitions at hand")
@pytest.mark.parametrize("name", BOTH)
def test_definition_agrees_with_the_published_one(name: str) -> None:
    """Names, scope, subresources, and every typed field."""
    ours, theirs = OURS[name], THEIRS[name]
    for key in ("kind", "plural", "singular"):
        assert ours["spec"]["names"][key] == theirs["spec"]["names"][key]
    assert ours["spec"]["names"].get("shortNames") == theirs["spec"]["names"].get("shortNames")
    assert ours["spec"]["scope"] == theirs["spec"]["scope"]
    mine, other = stored(ours), stored(theirs)
    assert mine["name"] == other["name"]
    assert bool(mine.get("subresources")) == bool(other.get("subresources"))
    schemas = [version["schema"]["openAPIV3Schema"] for version in (mine, other)]
    assert differences(*schemas) == []


@pytest.mark.skipif(not THEIRS, reason="no published definitions at hand")
async def test_every_object_of_a_peering_is_valid_by_the_published_schema(fleet: TestFleet) -> None:
    """What steps and controllers wrote, with status, would be accepted by the real definitions."""
    consumer, provider = await two(fleet)
    await peer(fleet, consumer, provider)
    await offload(fleet, consumer, "shop")
    problems = []
    for site in (consumer, provider):
        for name in BOTH:
            schema = stored(THEIRS[name])["schema"]["openAPIV3Schema"]
            for obj in site.api.list(name):
                errors = Draft202012Validator(schema).iter_errors(obj)
                problems += [f"{name} {obj['metadata']['name']}: {error.message}" for error in errors]
                problems += [f"{name} {obj['metadata']['name']}: {text}" for text in unknown(obj, schema)]
    assert problems == []


def unknown(value: Any, schema: Any, path: str = "") -> list[str]:
    """Fields that the published schema would prune."""
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return []
    if isinstance(value, list):
        return [text for item in value for text in unknown(item, schema.get("items") or {}, f"{path}[]")]
    if not isinstance(value, dict) or path == ".metadata":
        return []
    known, free = schema.get("properties") or {}, schema.get("additionalProperties")
    found = []
    for key, item in value.items():
        if key in known:
            found += unknown(item, known[key], f"{path}.{key}")
        elif isinstance(free, dict):
            found += unknown(item, free, f"{path}.{key}")
        elif not free and known:
            found.append(f"{path}.{key} is unknown")
    return found
