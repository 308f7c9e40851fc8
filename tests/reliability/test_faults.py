"""A life that goes through fifty storms ends as one that nobody disturbed."""

from __future__ import annotations

import pytest

from tests.reliability import faults
from tests.reliability.faulting.schedule import draw

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
"""Prefect's clients leave their connections to the garbage collector."""


def test_life_that_goes_through_storms():
    """Every run ends, nothing is made twice, each phase converges, and nothing is left at the end."""
    chapter = faults.trial(full=False)
    assert chapter.failed == ()
    assert chapter.tried == chapter.passed == faults.SAMPLE


def test_seed_repeats_itself():
    """A failure is repeated by its seed alone."""
    assert [str(draw(seed)) for seed in range(200)] == [str(draw(seed)) for seed in range(200)]
    assert len({str(draw(seed)) for seed in range(200)}) == 200
