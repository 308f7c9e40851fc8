"""Random faults: fifty seeds in two lives, the other of which has a module, and so a worker, of its own.

``python -m tests.reliability faults`` gives each of a thousand its own.
"""

from __future__ import annotations

import pytest

from sandbox.faults import parse_rule
from tests.reliability import faults
from tests.reliability.faulting.schedule import draw


def test_seed_repeats_itself():
    """A failure is repeated by its seed alone."""
    assert [str(draw(seed)) for seed in range(200)] == [str(draw(seed)) for seed in range(200)]
    assert len({str(draw(seed)) for seed in range(200)}) == 200


def test_every_rule_is_one_that_the_sandbox_takes():
    """What a seed draws can be put in force."""
    rules = [parse_rule(rule) for seed in range(200) for rule in draw(seed).rules]
    assert {rule.wire for rule in rules} == {"openstack", "kubernetes", "ssh", "charts"}
    assert any(rule.action.stale_s for rule in rules)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_life_in_storms():
    """Every run ends and doubles nothing; when it is calm everything holds, and at the end nothing is left."""
    chapter = faults.trial(full=False)
    assert chapter.failed == ()
    assert chapter.tried == len(faults.SAMPLES[0])
