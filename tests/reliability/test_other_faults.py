"""Random faults: the other life of ``test_faults``."""

from __future__ import annotations

import pytest

from tests.reliability import faults


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_another_life_in_storms():
    """As the first one, with 25 seeds more."""
    chapter = faults.sample(faults.SAMPLES[1])
    assert chapter.failed == ()
    assert chapter.tried == len(faults.SAMPLES[1])
