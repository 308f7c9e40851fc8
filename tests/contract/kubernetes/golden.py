"""Golden files of the API: a real server's answers to every scenario."""

from __future__ import annotations

from pathlib import Path

from tests.contract.kubernetes.observing import Askers, Observer
from tests.contract.kubernetes.scenarios import SCENARIOS
from tests.contract.observations.golden import Book, Golden, Observation

BOOK = Book(Path(__file__).parent)


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
        BOOK.save(room, Golden("kube-apiserver", version, date, seen))
        count += sum(len(steps) for steps in seen.values())
    return count
