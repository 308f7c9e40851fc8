"""docs/addons.md: the catalogue, and what the lives of its add-ons looked like when they were last tried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from federation.spec.addon import AddOnDefinition
from federation.spec.levels import RANKS
from tests.addons.life import CATALOGUE

KEPT = Path(__file__).parents[2] / "docs" / "addons"
REPORT = KEPT.with_suffix(".md")
_TITLES = {"sandbox": "In the sandbox", "real": "On a real API server"}
_DEFINITIONS = {
    "folder": "laid and changed by Flotilla",
    "release": "of the release",
    "kept": "of the release, kept by Helm, removed by Flotilla",
}
_HEAD = """# Add-ons

Made by `python -m tests.addons sandbox real`: the catalogue in `config/catalogue/addons/`, and each add-on through its
whole life with the real Helm: installed in the version before its newest, asked for again, upgraded, removed. Times are
in seconds, as measured on a shared machine with two cores; tests assert what was written and what is left, no time.
"""


def write() -> None:
    """Write the report."""
    REPORT.write_text(render())


def render() -> str:
    """The report as Markdown."""
    lines = [_HEAD, *_catalogue()]
    for where, title in _TITLES.items():
        path = KEPT / f"{where}.json"
        if path.is_file():
            lines += _lives(title, json.loads(path.read_text()))
    return "\n".join(lines).rstrip() + "\n"


def _catalogue() -> Iterator[str]:
    yield "## The catalogue\n"
    yield "An add-on may need only what stands on a lower level; [how to add one](howto/add-an-addon.md).\n"
    yield "| add-on | level | chart | Kubernetes | needs | custom resource definitions |"
    yield "|---|---|---|---|---|---|"
    for each in sorted(CATALOGUE.values(), key=lambda one: (RANKS[one.level], one.level, one.name)):
        about = each.custom_resources
        definitions = _DEFINITIONS[about.by] if about else "none"
        needs = ", ".join(each.needs) or "nothing"
        yield f"| {each.name} | {each.level} | {each.chart} | {_versions(each)} | {needs} | {definitions} |"
    yield ""


def _versions(definition: AddOnDefinition) -> str:
    return "<br>".join(f"{each.version}: {each.kubernetes}" for each in definition.versions)


def _lives(title: str, kept: dict[str, Any]) -> Iterator[str]:
    lives = kept["lives"]
    yield f"## {title}\n"
    yield f"Kubernetes {kept['server']}, {kept['date']}. {_charts(lives)}\n"
    yield "| add-on | install | objects | of them without namespace | again: writes | upgrade | remove | left |"
    yield "|---|---|---|---|---|---|---|---|"
    for each in lives:
        install, again, upgrade, remove = (f"{seconds:.1f}" for seconds in each["seconds"])
        yield (
            f"| {each['addon']} {each['older']} | {install} | {each['objects']} | {each['wide']} "
            f"| {again}: {len(each['again'])} | {each['newer']}: {upgrade} | {remove} | {len(each['left'])} |"
        )
    yield ""


def _charts(lives: list[dict[str, Any]]) -> str:
    published = [each["addon"] for each in lives if each["published"]]
    others = [each["addon"] for each in lives if not each["published"]]
    if not published:
        return "Charts are the sandbox's stand-ins: names, kinds and values of the real ones, programs that do nothing."
    charts = "The projects' own charts" + (f"; stand-ins of {', '.join(others)}" if others else "")
    return (
        f"{charts}. Objects, hooks, admission and garbage are the real server's and its controllers'; kwok plays nodes "
        "and pods, and what Strimzi's operator would write the sandbox's loops write."
    )
