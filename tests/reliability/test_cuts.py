"""A life whose runs are killed again and again ends as one that nobody cut off."""

from __future__ import annotations

import pytest

from tests.reliability import cuts

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
"""Prefect's clients leave their connections to the garbage collector."""


def test_life_that_is_cut_off_again_and_again():
    """Runs die before and after requests of every phase; each phase converges, and at the end nothing is left."""
    chapter = cuts.trial(full=False)
    assert chapter.failed == ()
    assert [row[-1] for row in chapter.rows] == ["yes"] * 4
    kills = [(int(row[1]), int(row[2])) for row in chapter.rows]
    assert all(before >= 1 for before, _after in kills)
    assert sum(after for _before, after in kills) >= 8, "what a run died before is not always what the next one does"
