"""Fleets of clusters with Liqo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from providers.contracts import Side
from tests.contract.providers.liqo_fleet import LiqoFleet
from tests.networks import reserve_prefix


@pytest.fixture
def fleet() -> Iterator[LiqoFleet]:
    """An empty fleet."""
    made = LiqoFleet(reserve_prefix())
    yield made
    made.close()


@pytest.fixture
def sides(fleet: LiqoFleet) -> tuple[Side, Side]:
    """Two clusters that do not know each other."""
    return fleet.add("a"), fleet.add("b")
