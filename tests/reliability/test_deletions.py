"""Deletion under bad conditions, in the size of CI: the rest of them is tried by ``python -m tests.reliability``."""

from __future__ import annotations

import pytest

from tests.reliability import deletions
from tests.reliability.removing.conditions import CONDITIONS


@pytest.mark.parametrize("condition", [each for each in CONDITIONS if each.name in deletions.SMALL], ids=str)
def test_removal_ends_and_tells_what_is_left_and_the_next_leaves_nothing(inside, condition) -> None:
    """Whatever is in the way, the other cluster is gone, and the report names the command for the rest."""
    with deletions.impatient():
        fate = deletions.removed(inside, condition)
    assert fate.faults == (), fate.report
