"""One fleet per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.controllers.clusters import Site, TestFleet


@pytest.fixture
async def fleet() -> AsyncIterator[TestFleet]:
    """An empty fleet whose controllers stop with the test."""
    made = TestFleet()
    yield made
    made.stop()


@pytest.fixture
async def site(fleet: TestFleet) -> Site:
    """One cluster of three Ready nodes."""
    made = fleet.add("alpha", nodes=3)
    await fleet.settle()
    return made
