"""Clusters to try add-ons on: one in the sandbox, and one of real programs with nodes without machines."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clients.helm.client import HelmClient
from clients.helm.library import HelmLibrary
from clients.helm.program import HelmProgram
from clients.kubernetes.api import KubernetesClient
from providers.addons.installer import HelmAddOns
from providers.contracts import Done, Progress, Side
from sandbox.charts.app import charts_app
from sandbox.front import FrontListener
from tests.addons import real_charts
from tests.addons.operator import PlayedStrimzi
from tests.contract.helm.ground import Ground
from tests.contract.providers.real_fleet import RealFleet
from tests.networks import reserve_prefix
from tests.proving.control_plane import find
from tests.unit.kubernetes.served import Background

_LIMIT_S = 120.0


class KeptKubeconfig:
    """A vault that holds one kubeconfig."""

    def __init__(self, text: str) -> None:
        self._text = text

    def kubeconfig(self, federation: str, cluster: str) -> str | None:
        """The kubeconfig."""
        return self._text


class Workbench:
    """The installer with one cluster, and steps repeated until they are done."""

    def __init__(self, helm: HelmClient, side: Side, kubeconfig: str) -> None:
        self.side = side
        self.helm, self.kubeconfig = helm, kubeconfig
        self.installer = HelmAddOns(helm, KeptKubeconfig(kubeconfig))  # type: ignore[arg-type]  # only this is used

    def until_done(self, step: Callable[[], Progress]) -> None:
        """Repeat a step until it is done."""
        deadline = time.monotonic() + _LIMIT_S
        progress: Progress | None = None
        while time.monotonic() < deadline:
            progress = step()
            if isinstance(progress, Done):
                return
            time.sleep(0.02)
        raise AssertionError(f"still {progress}")


@contextmanager
def sandbox_bench() -> Iterator[Workbench]:
    """A cluster of the sandbox with its controllers and stand-in charts."""
    ground = Ground()
    client, helm = KubernetesClient(ground.kubeconfig), HelmClient(ground.repositories, HelmLibrary())
    side = Side("tacfed", "a", client, ("192.168.1.0",), ground.server.removeprefix("https://"))
    try:
        yield Workbench(helm, side, ground.kubeconfig)
    finally:
        helm.close()
        client.close()
        ground.close()


@contextmanager
def real_bench(program: HelmProgram | None = None) -> Iterator[Workbench]:
    """A real control plane; charts are the published ones where they are at hand.

    Raises:
        Missing: The programs are not built.
    """
    with tempfile.TemporaryDirectory() as folder, served_charts() as charts:
        fleet = RealFleet(find(), Path(folder), ("a",))
        operator = PlayedStrimzi(fleet.clients["a"], fleet.clusters["a"].server.kubeconfig())
        helm = HelmClient(charts, program or HelmLibrary())
        try:
            yield Workbench(helm, fleet.side("a"), fleet.clusters["a"].server.kubeconfig())
        finally:
            operator.close()
            helm.close()
            fleet.close()


@contextmanager
def served_charts() -> Iterator[dict[str, str]]:
    """Chart repositories by name, with published charts among the stand-ins."""
    host, background = f"{reserve_prefix()}.0.1", Background()
    charts = real_charts.repositories()
    front = FrontListener(charts_app(lambda: charts), host, 0)
    port = background.run(front.start())
    try:
        yield {name: f"http://{host}:{port}/{name}" for name in charts}
    finally:
        background.run(front.stop())
        background.close()
