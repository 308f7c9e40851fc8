"""Golden files of the API: a real server's answers. ``python -m tests.contract.kubernetes.golden`` records them."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from tests.contract.kubernetes.backends import askers_of, real_server
from tests.contract.kubernetes.observing import Askers, Observer
from tests.contract.kubernetes.scenarios import SCENARIOS
from tests.contract.observations.golden import Book, Observation
from tests.proving.building import find

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


def main() -> None:
    """Record."""
    with (
        tempfile.TemporaryDirectory() as folder,
        real_server(find(), Path(folder)) as server,
        askers_of(server) as askers,
    ):
        print(BOOK.record("kube-apiserver", server.version, SCENARIOS, partial(observe, askers)))


if __name__ == "__main__":
    main()
