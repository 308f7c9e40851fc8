"""The sandbox's cloud answers as a real OpenStack did, and a real one still does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.contract.observations.differing import differences
from tests.contract.observations.golden import Observation
from tests.contract.openstack import golden
from tests.contract.openstack.backends import REAL, ROOM, SANDBOX, real_ground, sandbox_ground
from tests.contract.openstack.observing import NEWEST, Cloud
from tests.contract.openstack.scenarios import SCENARIOS
from tests.proving.building import Missing
from tests.proving.openstack import find

GOLDEN = {room: golden.BOOK.load(room) for room in SCENARIOS}
GAPS = golden.BOOK.known_gaps()
STEPS = [
    pytest.param(room, scenario, step, id=f"{room}/{scenario}/{step}")
    for room, scenarios in SCENARIOS.items()
    for scenario in scenarios
    for step in GOLDEN[room].scenarios.get(scenario, {})
]


class Seen:
    """Scenarios that ran on one cloud, each once."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._seen: dict[tuple[str, str], dict[str, Observation]] = {}

    def steps(self, room: str, scenario: str) -> dict[str, Observation]:
        """What the cloud answered in a scenario."""
        if (room, scenario) not in self._seen:
            self._seen[room, scenario] = golden.observe(self.cloud, room, scenario)
        return self._seen[room, scenario]


@pytest.fixture(scope="module", params=[SANDBOX, pytest.param(REAL, marks=pytest.mark.real)])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Each backend in turn; the sandbox offers the microversions of the release that was observed."""
    if request.param == REAL:
        try:
            found = find()
        except Missing as reason:
            pytest.skip(str(reason))
        with real_ground(found) as ground:
            ground.quota(**ROOM)
            with closing(Cloud(ground)) as cloud:
                yield Seen(cloud)
        return
    with sandbox_ground(tmp_path_factory.mktemp("cloud")) as sandbox:
        sandbox.quota(**ROOM)
        sandbox.process.post("openstack", {"newest_microversion": NEWEST})
        with closing(Cloud(sandbox)) as cloud:
            yield Seen(cloud)


@pytest.fixture(autouse=True)
def _told_in_the_table(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if "seen" in request.fixturenames:
        ground = request.getfixturevalue("seen").cloud.ground
        record_property("server", f"OpenStack: {ground.name}")
        record_property("version", ground.version)


@pytest.mark.parametrize(("room", "scenario", "step"), STEPS)
def test_agrees_with_a_real_cloud(
    seen: Seen, request: pytest.FixtureRequest, room: str, scenario: str, step: str
) -> None:
    """Every answer is that of the real cloud but for what differs from run to run."""
    gap = GAPS.get(f"{room}/{scenario}/{step}")
    if seen.cloud.ground.name == SANDBOX and gap:
        request.applymarker(pytest.mark.xfail(reason=gap, strict=True))
    assert not differences(GOLDEN[room].scenarios[scenario][step], seen.steps(room, scenario).get(step))


@pytest.mark.parametrize(
    ("room", "scenario"), [(room, scenario) for room, scenarios in SCENARIOS.items() for scenario in scenarios]
)
def test_every_step_was_recorded(seen: Seen, room: str, scenario: str) -> None:
    """A scenario that asks something new needs a new recording."""
    assert list(seen.steps(room, scenario)) == list(GOLDEN[room].scenarios[scenario])


def test_known_gaps_are_observations() -> None:
    """A gap names an observation that exists."""
    assert set(GAPS) <= {str(param.id) for param in STEPS}
