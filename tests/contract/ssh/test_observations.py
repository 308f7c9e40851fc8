"""The sandbox's machines answer as real sshd did, and a real one still does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.contract.observations.differing import differences
from tests.contract.observations.golden import Observation
from tests.contract.ssh import golden
from tests.contract.ssh.backends import REAL, SANDBOX, Loop, Machine, real_machine, sandbox_machine
from tests.contract.ssh.scenarios import SCENARIOS
from tests.proving.building import Missing

GOLDEN = {room: golden.BOOK.load(room) for room in SCENARIOS}
GAPS = golden.BOOK.known_gaps()
STEPS = [
    pytest.param(room, scenario, step, id=f"{room}/{scenario}/{step}")
    for room, scenarios in SCENARIOS.items()
    for scenario in scenarios
    for step in GOLDEN[room].scenarios.get(scenario, {})
]


class Seen:
    """Scenarios that ran on one machine, each once."""

    def __init__(self, loop: Loop, machine: Machine) -> None:
        self.machine = machine
        self._loop = loop
        self._seen: dict[tuple[str, str], dict[str, Observation]] = {}

    def steps(self, room: str, scenario: str) -> dict[str, Observation]:
        """What the machine answered in a scenario."""
        if (room, scenario) not in self._seen:
            self._seen[room, scenario] = self._loop.run(golden.observe(self.machine.account, room, scenario))
        return self._seen[room, scenario]


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    opened = Loop()
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=[SANDBOX, pytest.param(REAL, marks=pytest.mark.real)])
def seen(request: pytest.FixtureRequest, loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Each backend in turn."""
    folder = tmp_path_factory.mktemp("machine")
    try:
        with sandbox_machine(loop, folder) if request.param == SANDBOX else real_machine(folder) as machine:
            yield Seen(loop, machine)
    except Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def _told_in_the_table(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if "seen" in request.fixturenames:
        machine = request.getfixturevalue("seen").machine
        record_property("server", f"SSH: {machine.name}")
        record_property("version", machine.version)


@pytest.mark.parametrize(("room", "scenario", "step"), STEPS)
def test_agrees_with_real_sshd(seen: Seen, request: pytest.FixtureRequest, room: str, scenario: str, step: str) -> None:
    """Every answer is that of the real server but for what differs from run to run."""
    gap = GAPS.get(f"{room}/{scenario}/{step}")
    if seen.machine.name == SANDBOX and gap:
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
