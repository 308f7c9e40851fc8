"""One served cluster for all tests of the client; each test uses a namespace of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clients.kubernetes.api import KubernetesClient
from tests.networks import reserve_prefix
from tests.unit.kubernetes.served import Background, Served


@pytest.fixture(scope="module")
def background() -> Iterator[Background]:
    """A loop in a thread."""
    made = Background()
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(background: Background) -> Iterator[Served]:
    """A cluster that listens."""
    made = Served(background, "alpha", f"{reserve_prefix()}.1.1")
    yield made
    made.stop()


@pytest.fixture
def client(served: Served) -> Iterator[KubernetesClient]:
    """An admin's client, with counting begun anew."""
    made = served.client()
    served.gate.verdicts.clear()
    served.gate.clear()
    yield made
    made.close()


@pytest.fixture
def namespace(client: KubernetesClient, served: Served, request: pytest.FixtureRequest) -> str:
    """A namespace of the test's own."""
    name = request.node.name.removeprefix("test_").replace("_", "-")[:60].rstrip("-").lower()
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    served.gate.clear()
    return name
