"""One served cluster for each test that writes to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from clients.helm.client import HelmClient
from clients.helm.command import HelmCommand
from clients.helm.library import HelmLibrary
from clients.kubernetes.api import KubernetesClient
from providers.contracts import Side
from tests.contract.helm.bench import Bench
from tests.contract.helm.ground import Ground


@pytest.fixture
def ground() -> Iterator[Ground]:
    """A cluster of two nodes and the chart repositories."""
    made = Ground()
    yield made
    made.close()


@pytest.fixture
def kubernetes(ground: Ground) -> Iterator[KubernetesClient]:
    """The product's client of that cluster."""
    client = KubernetesClient(ground.kubeconfig)
    yield client
    client.close()


@pytest.fixture(params=["library", "program"])
def helm(ground: Ground, request: pytest.FixtureRequest) -> Iterator[HelmClient]:
    """The product's Helm with the served repositories: the library, and the program where there is one."""
    executable = shutil.which("helm")
    if request.param == "program" and executable is None:
        pytest.skip("no program 'helm' on the path")
    program = HelmCommand(executable) if request.param == "program" and executable else HelmLibrary()
    client = HelmClient(ground.repositories, program)
    yield client
    client.close()


@pytest.fixture
def side(ground: Ground, kubernetes: KubernetesClient) -> Side:
    """The cluster as providers see it."""
    return Side("tacfed", "a", kubernetes, ("192.168.1.0",), ground.server.removeprefix("https://"))


@pytest.fixture
def bench(ground: Ground, helm: HelmClient, side: Side) -> Bench:
    """The installer under test."""
    return Bench(ground, helm, side)
