"""The sandbox's machines answer as real sshd did, and a real one still does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.contract.observations.suite import Seen, Suite
from tests.contract.ssh import golden
from tests.contract.ssh.backends import REAL, SANDBOX, Loop, Machine, real_machine, sandbox_machine
from tests.contract.ssh.scenarios import SCENARIOS
from tests.proving.building import Missing

SUITE = Suite(golden.BOOK, SCENARIOS)


class SeenMachine(Seen):
    """Scenarios that ran on one machine."""

    def __init__(self, loop: Loop, machine: Machine) -> None:
        super().__init__(SUITE, lambda room, scenario: loop.run(golden.observe(machine.account, room, scenario)))
        self.machine = machine


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    opened = Loop()
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=[SANDBOX, pytest.param(REAL, marks=pytest.mark.real)])
def seen(request: pytest.FixtureRequest, loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeenMachine]:
    """Each backend in turn."""
    folder = tmp_path_factory.mktemp("machine")
    try:
        with sandbox_machine(loop, folder) if request.param == SANDBOX else real_machine(folder) as machine:
            yield SeenMachine(loop, machine)
    except Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def _told_in_the_table(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if "seen" in request.fixturenames:
        machine = request.getfixturevalue("seen").machine
        record_property("server", f"SSH: {machine.name}")
        record_property("version", machine.version)


@pytest.mark.parametrize(("room", "scenario", "step"), SUITE.steps)
def test_agrees_with_real_sshd(
    seen: SeenMachine, request: pytest.FixtureRequest, room: str, scenario: str, step: str
) -> None:
    """Every answer is that of the real server but for what differs from run to run."""
    if seen.machine.name == SANDBOX:
        SUITE.expect_gap(request, room, scenario, step)
    assert not seen.differences(room, scenario, step)


@pytest.mark.parametrize(("room", "scenario"), SUITE.played)
def test_every_step_was_recorded(seen: SeenMachine, room: str, scenario: str) -> None:
    """A scenario that asks something new needs a new recording."""
    assert list(seen.steps(room, scenario)) == list(SUITE.recorded(room, scenario))


def test_known_gaps_are_observations() -> None:
    """A gap names an observation that exists."""
    assert SUITE.unknown_gaps() == set()
