"""Golden file of Helm: what came of each order with the program and a real API server.

``python -m tests.contract.helm.releases.golden`` records it anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clients.helm.command import HelmCommand
from clients.helm.library import HelmLibrary
from clients.helm.program import HelmProgram
from clients.kubernetes.api import KubernetesClient
from tests.contract.helm.releases.charts import served
from tests.contract.helm.releases.observing import Bench, Observer
from tests.contract.helm.releases.scenarios import SCENARIOS, Scenario
from tests.contract.kubernetes.backends import ApiServer, real_server
from tests.contract.observations.golden import Book, Observation
from tests.proving import helm
from tests.proving.building import find

BOOK = Book(Path(__file__).parent)
ROOM, RECORDED = "releases", "helm4"
LIBRARY = "library"


def program_of(name: str) -> tuple[HelmProgram, str]:
    """A way to run Helm, and the program's path when there is one.

    Raises:
        Missing: The program is not built.
    """
    if name == LIBRARY:
        return HelmLibrary(), ""
    executable = helm.find(name).executable
    return HelmCommand(executable), executable


@contextmanager
def bench_of(name: str, server: ApiServer, folder: Path) -> Iterator[Bench]:
    """A way to run Helm against a server, with charts served."""
    program, executable = program_of(name)
    client = KubernetesClient(server.kubeconfig.read_text())
    with served(folder) as repository:
        yield Bench(program, executable, server.kubeconfig, repository, client, folder)
    client.close()


def observe(bench: Bench, way: str, scenario: Scenario) -> dict[str, Observation]:
    """Run a scenario in a namespace of its own."""
    namespace = f"{way}-{scenario.__name__}".replace("_", "-")
    bench.kubernetes.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    observer = Observer(bench, namespace)
    try:
        scenario(observer)
    finally:
        observer.client.close()
    return observer.seen


def main() -> None:
    """Record."""
    with tempfile.TemporaryDirectory() as folder:
        charts = Path(folder, "charts")
        charts.mkdir()
        with real_server(find(), Path(folder)) as server, bench_of(RECORDED, server, charts) as bench:
            version = f"Helm {helm.find(RECORDED).version} on {server.version}"

            def seen(_room: str, scenario: str) -> dict[str, Observation]:
                return observe(bench, RECORDED, SCENARIOS[scenario])

            print(BOOK.record("helm", version, {ROOM: SCENARIOS}, seen))


if __name__ == "__main__":
    main()
