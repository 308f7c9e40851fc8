"""Golden files: observations of a real server, with its version and the day they were made."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.contract.kubernetes.observing import Askers, Observation, Observer
from tests.contract.kubernetes.scenarios import SCENARIOS

FOLDER = Path(__file__).parent / "golden"
GAPS = Path(__file__).parent / "known_gaps.toml"


@dataclass(frozen=True)
class Golden:
    """One room's observations, by scenario and step."""

    version: str
    date: str
    scenarios: dict[str, dict[str, Observation]]


def load(room: str) -> Golden:
    """What a real server answered in one room."""
    told = json.loads((FOLDER / f"{room}.json").read_text())
    return Golden(told["version"], told["date"], told["scenarios"])


def save(room: str, golden: Golden) -> None:
    """Keep what a real server answered."""
    FOLDER.mkdir(exist_ok=True)
    told = {"server": "kube-apiserver", **golden.__dict__}
    (FOLDER / f"{room}.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


def known_gaps() -> dict[str, str]:
    """Observations in which the sandbox is known to differ, and why."""
    told = tomllib.loads(GAPS.read_text())
    return {gap["observation"]: gap["reason"] for gap in told.get("gap", [])}


def observe(askers: Askers, room: str, scenario: str) -> dict[str, Observation]:
    """Run a scenario in a namespace of its own."""
    namespace = f"{room}-{scenario}".replace("_", "-")
    made = askers.admin.post("/api/v1/namespaces", json={"metadata": {"name": namespace}})
    assert made.status_code == 201, made.text
    account = {"metadata": {"name": "default"}}
    askers.admin.post(f"/api/v1/namespaces/{namespace}/serviceaccounts", json=account)
    observer = Observer(askers, namespace)
    SCENARIOS[room][scenario](observer)
    return observer.seen


def record(askers: Askers, version: str, date: str) -> int:
    """Observe a real server and keep everything; how many observations that is."""
    count = 0
    for room, scenarios in SCENARIOS.items():
        seen = {name: observe(askers, room, name) for name in scenarios}
        save(room, Golden(version, date, seen))
        count += sum(len(steps) for steps in seen.values())
    return count
