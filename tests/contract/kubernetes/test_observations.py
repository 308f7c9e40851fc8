"""The sandbox answers as a real API server did, and a real one still does."""

from __future__ import annotations

from functools import partial

import pytest

from tests.contract.kubernetes import golden
from tests.contract.kubernetes.backends import ApiServer
from tests.contract.kubernetes.observing import Askers
from tests.contract.kubernetes.scenarios import SCENARIOS
from tests.contract.observations.suite import Seen, Suite

SUITE = Suite(golden.BOOK, SCENARIOS)


@pytest.fixture(scope="module")
def seen(askers: Askers) -> Seen:
    return Seen(SUITE, partial(golden.observe, askers))


@pytest.mark.parametrize(("room", "scenario", "step"), SUITE.steps)
def test_agrees_with_the_real_server(
    api_server: ApiServer, seen: Seen, request: pytest.FixtureRequest, room: str, scenario: str, step: str
) -> None:
    """Every answer is that of the real server but for what differs from run to run."""
    recorded = SUITE.golden[room]
    if api_server.version != recorded.version:
        pytest.skip(f"recorded from {recorded.version}, this is {api_server.version}")
    if api_server.name == "sandbox":
        SUITE.expect_gap(request, room, scenario, step)
    assert not seen.differences(room, scenario, step)


@pytest.mark.parametrize(("room", "scenario"), SUITE.played)
def test_every_step_was_recorded(seen: Seen, room: str, scenario: str) -> None:
    """A scenario that asks something new needs a new recording."""
    assert list(seen.steps(room, scenario)) == list(SUITE.recorded(room, scenario))


def test_known_gaps_are_observations() -> None:
    """A gap names an observation that exists."""
    assert SUITE.unknown_gaps() == set()
