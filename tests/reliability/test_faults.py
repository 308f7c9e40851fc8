"""Schedules of random faults. The trial is too long for every run: ``python -m tests.reliability faults``."""

from __future__ import annotations

from sandbox.faults import parse_rule
from tests.reliability.faulting.schedule import draw


def test_seed_repeats_itself():
    """A failure is repeated by its seed alone."""
    assert [str(draw(seed)) for seed in range(200)] == [str(draw(seed)) for seed in range(200)]
    assert len({str(draw(seed)) for seed in range(200)}) == 200


def test_every_rule_is_one_that_the_sandbox_takes():
    """What a seed draws can be put in force."""
    rules = [parse_rule(rule) for seed in range(200) for rule in draw(seed).rules]
    assert {rule.wire for rule in rules} == {"openstack", "kubernetes", "ssh", "charts"}
