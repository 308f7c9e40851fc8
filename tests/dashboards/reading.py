"""Dashboards as data: panels, and their queries with variables filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path(__file__).parents[2] / "config"
BOARDS = sorted((CONFIG / "dashboards").glob("*.json"))
ALERTS = CONFIG / "alerts" / "flotilla.yaml"
ALERT_TESTS = CONFIG / "alerts" / "flotilla.test.yaml"


@dataclass(frozen=True)
class Query:
    """One query of a panel."""

    expression: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """A panel: where it is on a grid of 24 columns, and what it asks."""

    title: str
    kind: str
    unit: str
    place: Mapping[str, int]
    queries: tuple[Query, ...]
    steps: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    title: str
    panels: tuple[Panel, ...]


def read_board(file: Path, variables: Mapping[str, str]) -> Board:
    """A dashboard with values for its variables; those that are left out match everything."""
    document = json.loads(file.read_text())
    names = [each["name"] for each in document["templating"]["list"] if each["type"] == "query"]
    values = {name: variables.get(name, ".*") for name in names}
    return Board(document["title"], tuple(_panel(each, values) for each in document["panels"]))


def alert_expressions() -> dict[str, str]:
    """Every alert with its expression."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def metric_names(expression: str) -> set[str]:
    """Names of the metrics in an expression, without the endings of counters and histograms."""
    found = re.findall(r"\b(?:flotilla|liqo)_[a-z_]+", expression)
    return {re.sub(r"_(total|bucket|count|sum)$", "", each) for each in found}


def _panel(document: dict[str, Any], values: Mapping[str, str]) -> Panel:
    defaults = document["fieldConfig"]["defaults"]
    steps = tuple((float("-inf") if each["value"] is None else each["value"], each["color"]) for each in
                  defaults["thresholds"]["steps"])  # fmt: skip
    queries = tuple(Query(_filled(each["expr"], values), each["legendFormat"]) for each in document["targets"])
    return Panel(document["title"], document["type"], defaults["unit"], document["gridPos"], queries, steps)


def _filled(expression: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        expression = expression.replace(f"${name}", value)
    return expression
