"""Fixtures: an API server of each backend in turn, clients of it, a namespace of the test's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import httpx
import pytest

from sandbox.kubernetes.cluster import Cluster
from tests.contract.kubernetes.backends import (
    REAL,
    SANDBOX,
    ApiServer,
    LoopThread,
    askers_of,
    make_account,
    make_cluster,
    real_server,
    serve,
)
from tests.contract.kubernetes.observing import Askers
from tests.proving.building import Missing, find, pinned

_numbers = itertools.count()


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture(scope="module")
def cluster(loop_thread: LoopThread) -> Iterator[Cluster]:
    """The emulated cluster itself, for what no client can ask of a server."""
    made = make_cluster(loop_thread)
    yield made
    loop_thread.run(made.stop())


@pytest.fixture(scope="session")
def real_api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """The real server; what was built from the pins says their version."""
    try:
        programs = find()
    except Missing as reason:
        pytest.skip(f"no real API server: {reason}")
    with real_server(programs, tmp_path_factory.mktemp("real")) as server:
        assert programs.origin != "the cache" or server.version == pinned()
        yield server


@pytest.fixture(scope="module", params=[SANDBOX, pytest.param(REAL, marks=pytest.mark.real)])
def api_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ApiServer:
    """Each backend in turn."""
    if request.param == SANDBOX:
        return serve(request.getfixturevalue("cluster"), tmp_path_factory.mktemp("api"))
    real: ApiServer = request.getfixturevalue("real_api_server")
    return real


@pytest.fixture(autouse=True)
def _told_in_the_table(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if "api_server" in request.fixturenames:
        server: ApiServer = request.getfixturevalue("api_server")
        record_property("server", f"Kubernetes API: {server.name}")
        record_property("version", server.version)


@pytest.fixture(scope="module")
def http(api_server: ApiServer) -> Iterator[httpx.Client]:
    """The administrator's raw HTTP client."""
    with api_server.administrator() as client:
        make_account(client, "default")
        yield client


@pytest.fixture(scope="module")
def askers(api_server: ApiServer) -> Iterator[Askers]:
    with askers_of(api_server) as those:
        yield those


@pytest.fixture
def namespace(http: httpx.Client) -> str:
    """A namespace of the test's own."""
    name = f"test-{next(_numbers)}"
    assert http.post("/api/v1/namespaces", json={"metadata": {"name": name}}).status_code == 201
    make_account(http, name)
    return name
