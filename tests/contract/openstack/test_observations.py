"""The sandbox's cloud answers as a real OpenStack did, and a real one still does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest

from tests.contract.observations.suite import Seen, Suite
from tests.contract.openstack import golden
from tests.contract.openstack.backends import REAL, ROOM, SANDBOX, real_ground, sandbox_ground
from tests.contract.openstack.observing import NEWEST, Cloud
from tests.contract.openstack.scenarios import SCENARIOS
from tests.proving.building import Missing
from tests.proving.openstack import find

SUITE = Suite(golden.BOOK, SCENARIOS)


class SeenCloud(Seen):
    """Scenarios that ran on one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(SUITE, partial(golden.observe, cloud))
        self.cloud = cloud


@pytest.fixture(scope="module", params=[SANDBOX, pytest.param(REAL, marks=pytest.mark.real)])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeenCloud]:
    """Each backend in turn; the sandbox offers the microversions of the release that was observed."""
    if request.param == REAL:
        try:
            found = find()
        except Missing as reason:
            pytest.skip(str(reason))
        with real_ground(found) as ground:
            ground.quota(**ROOM)
            with closing(Cloud(ground)) as cloud:
                yield SeenCloud(cloud)
        return
    with sandbox_ground(tmp_path_factory.mktemp("cloud")) as sandbox:
        sandbox.quota(**ROOM)
        sandbox.process.post("openstack", {"newest_microversion": NEWEST})
        with closing(Cloud(sandbox)) as cloud:
            yield SeenCloud(cloud)


@pytest.fixture(autouse=True)
def _told_in_the_table(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if "seen" in request.fixturenames:
        ground = request.getfixturevalue("seen").cloud.ground
        record_property("server", f"OpenStack: {ground.name}")
        record_property("version", ground.version)


@pytest.mark.parametrize(("room", "scenario", "step"), SUITE.steps)
def test_agrees_with_a_real_cloud(
    seen: SeenCloud, request: pytest.FixtureRequest, room: str, scenario: str, step: str
) -> None:
    """Every answer is that of the real cloud but for what differs from run to run."""
    if seen.cloud.ground.name == SANDBOX:
        SUITE.expect_gap(request, room, scenario, step)
    assert not seen.differences(room, scenario, step)


@pytest.mark.parametrize(("room", "scenario"), SUITE.played)
def test_every_step_was_recorded(seen: SeenCloud, room: str, scenario: str) -> None:
    """A scenario that asks something new needs a new recording."""
    assert list(seen.steps(room, scenario)) == list(SUITE.recorded(room, scenario))


def test_known_gaps_are_observations() -> None:
    """A gap names an observation that exists."""
    assert SUITE.unknown_gaps() == set()
