"""One cluster without peers, emulated or real, for the tests of applications that stay in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from providers.contracts import Side
from tests.contract.providers.applications import APPLICATIONS, INGRESS_CLASS, Fleet
from tests.contract.providers.at_home.ground import make_room
from tests.contract.providers.liqo_fleet import LiqoFleet
from tests.contract.providers.real_fleet import RealFleet
from tests.networks import reserve_prefix
from tests.proving.building import Missing
from tests.proving.control_plane import find


@pytest.fixture(scope="module", params=["sandbox", pytest.param("real", marks=pytest.mark.real)])
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One cluster without peers; each test uses an application of its own."""
    made: LiqoFleet | RealFleet
    if request.param == "sandbox":
        made = LiqoFleet(reserve_prefix())
        made.add("a")
    else:
        try:
            made = RealFleet(find(), tmp_path_factory.mktemp("fleet"), "a")
        except Missing as reason:
            pytest.skip(f"no real control plane: {reason}")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _told_in_the_table(fleet: Fleet, record_property: Any) -> None:
    if isinstance(fleet, RealFleet):
        record_property("server", "Kubernetes: applications")
        record_property("version", fleet.clients["a"].version())


@pytest.fixture
def home(fleet: Fleet) -> Iterator[Side]:
    """The cluster, with a class of ingresses; what a test left there is removed after it."""
    side = fleet.side("a")
    side.kubernetes.apply(INGRESS_CLASS)
    make_room(side)
    yield side
    for each in APPLICATIONS.observe(side):
        fleet.drive(partial(APPLICATIONS.delete_application, side, each.name))
