"""A life that is cut off eight times ends as one that nobody cut off."""

from __future__ import annotations

import pytest

from tests.reliability import kills

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
"""Prefect's clients leave their connections to the garbage collector."""


def test_life_that_is_cut_off_again_and_again():
    """Each phase is killed before and after requests on every wire, then recovered from; at the end nothing is left."""
    chapter = kills.trial(full=False)
    assert chapter.failed == ()
    assert chapter.tried == chapter.passed == 8
