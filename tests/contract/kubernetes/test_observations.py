"""The sandbox answers as a real API server did, and a real one still does."""

from __future__ import annotations

import pytest

from tests.contract.kubernetes import golden
from tests.contract.kubernetes.backends import ApiServer
from tests.contract.kubernetes.observing import Askers
from tests.contract.kubernetes.scenarios import SCENARIOS
from tests.contract.observations.differing import differences
from tests.contract.observations.golden import Observation

GOLDEN = {room: golden.BOOK.load(room) for room in SCENARIOS}
GAPS = golden.BOOK.known_gaps()
STEPS = [
    pytest.param(room, scenario, step, id=f"{room}/{scenario}/{step}")
    for room, scenarios in SCENARIOS.items()
    for scenario in scenarios
    for step in GOLDEN[room].scenarios.get(scenario, {})
]


class Seen:
    """Scenarios that ran on one server, each once."""

    def __init__(self, askers: Askers) -> None:
        self._askers = askers
        self._seen: dict[tuple[str, str], dict[str, Observation]] = {}

    def steps(self, room: str, scenario: str) -> dict[str, Observation]:
        """What the server answered in a scenario."""
        if (room, scenario) not in self._seen:
            self._seen[room, scenario] = golden.observe(self._askers, room, scenario)
        return self._seen[room, scenario]


@pytest.fixture(scope="module")
def seen(askers: Askers) -> Seen:
    return Seen(askers)


@pytest.mark.parametrize(("room", "scenario", "step"), STEPS)
def test_agrees_with_the_real_server(
    api_server: ApiServer, seen: Seen, request: pytest.FixtureRequest, room: str, scenario: str, step: str
) -> None:
    """Every answer is that of the real server but for what differs from run to run."""
    recorded = GOLDEN[room]
    if api_server.version != recorded.version:
        pytest.skip(f"recorded from {recorded.version}, this is {api_server.version}")
    if api_server.name == "sandbox" and f"{room}/{scenario}/{step}" in GAPS:
        request.applymarker(pytest.mark.xfail(reason=GAPS[f"{room}/{scenario}/{step}"], strict=True))
    found = seen.steps(room, scenario).get(step)
    assert not differences(recorded.scenarios[scenario][step], found)


@pytest.mark.parametrize(
    ("room", "scenario"), [(room, scenario) for room, scenarios in SCENARIOS.items() for scenario in scenarios]
)
def test_every_step_was_recorded(seen: Seen, room: str, scenario: str) -> None:
    """A scenario that asks something new needs a new recording."""
    assert list(seen.steps(room, scenario)) == list(GOLDEN[room].scenarios[scenario])


def test_known_gaps_are_observations() -> None:
    """A gap names an observation that exists."""
    assert set(GAPS) <= {str(param.id) for param in STEPS}
