"""The sandbox's controllers leave what real ones left, and real ones still do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.contract.controllers import golden
from tests.contract.controllers.backends import REAL, SANDBOX, ControlPlane, real_plane, sandbox_plane
from tests.contract.controllers.scenarios import SCENARIOS
from tests.contract.kubernetes.backends import LoopThread
from tests.contract.observations.differing import differences
from tests.contract.observations.golden import Observation
from tests.proving.building import Missing
from tests.proving.control_plane import find

GOLDEN = {room: golden.BOOK.load(room) for room in SCENARIOS}
GAPS = golden.BOOK.known_gaps()
PLAYED = [(room, scenario) for room, scenarios in SCENARIOS.items() for scenario in scenarios]
STEPS = [
    pytest.param(room, scenario, step, id=f"{room}/{scenario}/{step}")
    for room, scenario in PLAYED
    for step in GOLDEN[room].scenarios.get(scenario, {})
]


class Seen:
    """Scenarios that ran on one control plane, each once."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self._seen: dict[tuple[str, str], dict[str, Observation]] = {}

    def steps(self, room: str, scenario: str) -> dict[str, Observation]:
        """What became of it in a scenario."""
        if (room, scenario) not in self._seen:
            prefix = f"{room}/{scenario}/"
            known = {gap.removeprefix(prefix) for gap in GAPS if gap.startswith(prefix)}
            gaps = known if self.plane.server.name == SANDBOX else set()
            wanted = GOLDEN[room].scenarios.get(scenario, {})
            self._seen[room, scenario] = golden.observe(self.plane, room, scenario, wanted, gaps)
        return self._seen[room, scenario]


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
def seen(request: pytest.FixtureRequest) -> Seen:
    """Each control plane in turn."""
    return Seen(request.getfixturevalue("sandbox" if request.param == SANDBOX else "real"))


@pytest.fixture(autouse=True)
def _told_in_the_table(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if "seen" in request.fixturenames:
        server = request.getfixturevalue("seen").plane.server
        record_property("server", f"Kubernetes controllers: {server.name}")
        record_property("version", server.version)


@pytest.mark.parametrize(("room", "scenario", "step"), STEPS)
def test_agrees_with_real_controllers(
    seen: Seen, request: pytest.FixtureRequest, room: str, scenario: str, step: str
) -> None:
    """What an object has become is what real controllers made of it, but for what is left to chance."""
    server = seen.plane.server
    if server.version != GOLDEN[room].version:
        pytest.skip(f"recorded from {GOLDEN[room].version}, this is {server.version}")
    if server.name == SANDBOX and f"{room}/{scenario}/{step}" in GAPS:
        request.applymarker(pytest.mark.xfail(reason=GAPS[f"{room}/{scenario}/{step}"], strict=True))
    found = seen.steps(room, scenario).get(step)
    assert not differences(GOLDEN[room].scenarios[scenario][step], found)


@pytest.mark.parametrize(("room", "scenario"), PLAYED)
def test_every_step_was_recorded(seen: Seen, room: str, scenario: str) -> None:
    """A scenario that looks at something new needs a new recording."""
    assert list(seen.steps(room, scenario)) == list(GOLDEN[room].scenarios[scenario])


def test_known_gaps_are_observations() -> None:
    """A gap names an observation that exists."""
    assert set(GAPS) <= {str(param.id) for param in STEPS}
