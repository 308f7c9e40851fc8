"""Every way to run Helm comes to the same, against the sandbox's API and against a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.contract.helm.releases import golden
from tests.contract.helm.releases.observing import Bench
from tests.contract.helm.releases.scenarios import SCENARIOS, killed_while_dropping
from tests.contract.kubernetes.backends import REAL, SANDBOX, ApiServer, LoopThread, make_cluster, real_server, serve
from tests.contract.observations.differing import differences
from tests.contract.observations.golden import Observation
from tests.proving import helm
from tests.proving.building import Missing, find

GOLDEN = golden.BOOK.load(golden.ROOM)
GAPS = golden.BOOK.known_gaps()
STEPS = [pytest.param(name, step, id=f"{name}/{step}") for name, steps in GOLDEN.scenarios.items() for step in steps]
REAL_ONLY = pytest.mark.real


class Seen:
    """Scenarios that ran in one way on one server, each once."""

    def __init__(self, bench: Bench, way: str, server: ApiServer) -> None:
        self.way, self.server = way, server
        self.bench = bench
        self._seen: dict[str, dict[str, Observation]] = {}

    def steps(self, scenario: str) -> dict[str, Observation]:
        """What came of a scenario."""
        if scenario not in self._seen:
            self._seen[scenario] = golden.observe(self.bench, self.way, SCENARIOS[scenario])
        return self._seen[scenario]


@pytest.fixture(scope="module", params=[SANDBOX, pytest.param(REAL, marks=REAL_ONLY)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Each API server in turn; no controllers run on either."""
    folder = tmp_path_factory.mktemp("api")
    if request.param == SANDBOX:
        loop = LoopThread()
        cluster = make_cluster(loop)
        yield serve(cluster, folder)
        loop.run(cluster.stop())
        loop.close()
        return
    try:
        with real_server(find(), folder) as real:
            yield real
    except Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(
    scope="module",
    params=[golden.LIBRARY, pytest.param("helm4", marks=REAL_ONLY), pytest.param("helm3", marks=REAL_ONLY)],
)
def seen(request: pytest.FixtureRequest, server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Each way to run Helm in turn."""
    try:
        with golden.bench_of(request.param, server, tmp_path_factory.mktemp("charts")) as bench:
            yield Seen(bench, request.param, server)
    except Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def _told_in_the_table(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if "seen" in request.fixturenames:
        seen = request.getfixturevalue("seen")
        record_property("server", f"Helm ({seen.way}) on {seen.server.name}")
        record_property("version", seen.server.version if seen.way == golden.LIBRARY else helm.find(seen.way).version)


@pytest.mark.parametrize(("scenario", "step"), STEPS)
def test_comes_to_what_was_recorded(seen: Seen, request: pytest.FixtureRequest, scenario: str, step: str) -> None:
    """How the order ended, the history, the records and the objects."""
    if gap := GAPS.get(f"{seen.way}/{seen.server.name}/{scenario}/{step}"):
        request.applymarker(pytest.mark.xfail(reason=gap, strict=True))
    assert not differences(GOLDEN.scenarios[scenario][step], seen.steps(scenario).get(step))


def test_an_upgrade_that_was_killed_and_had_dropped_an_object_goes_on(seen: Seen) -> None:
    """Helm 3 fails to roll it back; the next attempt of the product converges all the same."""
    steps = golden.observe(seen.bench, f"{seen.way}-dropped", killed_while_dropping)
    last = steps[list(steps)[-1]]
    assert "error" not in last
    assert last["history"][-1].endswith("deployed demo 1.1.0")
    assert last["maps"]["demo-settings"]["colour"] == "green"
    assert "demo-only-in-one" not in last["maps"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_step_was_recorded(seen: Seen, scenario: str) -> None:
    """A scenario that asks something new needs a new recording."""
    assert list(seen.steps(scenario)) == list(GOLDEN.scenarios[scenario])
