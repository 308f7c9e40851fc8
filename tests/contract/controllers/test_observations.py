"""The sandbox's controllers leave what real ones left, and real ones still do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.contract.controllers import golden
from tests.contract.controllers.backends import REAL, SANDBOX, ControlPlane, real_plane, sandbox_plane
from tests.contract.controllers.scenarios import SCENARIOS
from tests.contract.kubernetes.backends import LoopThread
from tests.contract.observations.golden import Observation
from tests.contract.observations.suite import Seen, Suite
from tests.proving.building import Missing
from tests.proving.control_plane import find

SUITE = Suite(golden.BOOK, SCENARIOS)


class SeenPlane(Seen):
    """Scenarios that ran on one control plane."""

    def __init__(self, plane: ControlPlane) -> None:
        super().__init__(SUITE, self._play)
        self.plane = plane

    def _play(self, room: str, scenario: str) -> dict[str, Observation]:
        prefix = f"{room}/{scenario}/"
        known = {gap.removeprefix(prefix) for gap in SUITE.gaps if gap.startswith(prefix)}
        gaps = known if self.plane.server.name == SANDBOX else set()
        wanted = SUITE.golden[room].scenarios.get(scenario, {})
        return golden.observe(self.plane, room, scenario, wanted, gaps)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    loop = LoopThread()
    with sandbox_plane(loop, tmp_path_factory.mktemp("sandbox")) as plane:
        yield plane
    loop.close()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    try:
        programs = find()
    except Missing as reason:
        pytest.skip(f"no real control plane: {reason}")
    with real_plane(programs, tmp_path_factory.mktemp("real")) as plane:
        yield plane


@pytest.fixture(scope="module", params=[SANDBOX, pytest.param(REAL, marks=pytest.mark.real)])
def seen(request: pytest.FixtureRequest) -> SeenPlane:
    """Each control plane in turn."""
    return SeenPlane(request.getfixturevalue("sandbox" if request.param == SANDBOX else "real"))


@pytest.fixture(autouse=True)
def _told_in_the_table(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if "seen" in request.fixturenames:
        server = request.getfixturevalue("seen").plane.server
        record_property("server", f"Kubernetes controllers: {server.name}")
        record_property("version", server.version)


@pytest.mark.parametrize(("room", "scenario", "step"), SUITE.steps)
def test_agrees_with_real_controllers(
    seen: SeenPlane, request: pytest.FixtureRequest, room: str, scenario: str, step: str
) -> None:
    """What an object has become is what real controllers made of it, but for what is left to chance."""
    server = seen.plane.server
    recorded = SUITE.golden[room].version
    if server.version != recorded:
        pytest.skip(f"recorded from {recorded}, this is {server.version}")
    if server.name == SANDBOX:
        SUITE.expect_gap(request, room, scenario, step)
    assert not seen.differences(room, scenario, step)


@pytest.mark.parametrize(("room", "scenario"), SUITE.played)
def test_every_step_was_recorded(seen: SeenPlane, room: str, scenario: str) -> None:
    """A scenario that looks at something new needs a new recording."""
    assert list(seen.steps(room, scenario)) == list(SUITE.recorded(room, scenario))


def test_known_gaps_are_observations() -> None:
    """A gap names an observation that exists."""
    assert SUITE.unknown_gaps() == set()
