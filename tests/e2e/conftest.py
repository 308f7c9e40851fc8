"""Real clusters with running pods, for the stories that need some."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from tests.contract.sandbox.process import eventually
from tests.e2e.harbour import ADOPTED, COMMAND_S, NAME, Harbour
from tests.proving import clusters
from tests.proving.building import Missing
from tests.stage.stage import free_port


@pytest.fixture(scope="module")
def harbour(tmp_path_factory) -> Iterator[Harbour]:
    """Both clusters with a block each."""
    try:
        real = clusters.find()
    except Missing as reason:
        pytest.skip(str(reason))
    made = Harbour(real, tmp_path_factory.mktemp("harbour"), free_port())
    try:
        for name, cluster in ADOPTED.items():
            create = ("blocks", "create", "flotilla-cluster-access", name, "-f", str(real.kubeconfigs[cluster]))
            eventually(partial(_done, made, *create), COMMAND_S, "a Prefect server on a busy machine")
        yield made
    finally:
        made.cli("destroy", NAME, "--yes")
        made.cli("server", "stop")


def _done(harbour: Harbour, *words: str) -> bool:
    return harbour.cli(*words).returncode == 0


@pytest.fixture
def told(record_property, harbour):
    """The row of the table."""
    record_property("server", "Kubernetes clusters with pods")
    record_property("version", harbour.real.version)
