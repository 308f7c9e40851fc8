"""Leases: one writer at a time, and a ghost is told."""

from __future__ import annotations

import subprocess
import sys

import pytest

from federation.errors import LeaseLost, RetryableError
from registry.leases import LeaseHeld
from registry.registry import Registry


def test_held_lease_is_refused_with_who_and_until(registry: Registry) -> None:
    """The refusal says who writes and when to come back."""
    registry.leases.acquire("tacfed", "run-1", 60.0, now=100.0)
    with pytest.raises(LeaseHeld) as held:
        registry.leases.acquire("tacfed", "run-2", 60.0, now=110.0)
    assert (held.value.owner, held.value.until, held.value.delay_s) == ("run-1", 160.0, 50.0)
    assert isinstance(held.value, RetryableError)
    assert "run-1" in str(held.value)


def test_scopes_are_independent(registry: Registry) -> None:
    """A lease on one federation does not hold up another."""
    registry.leases.acquire("one", "run-1", 60.0, now=100.0)
    assert registry.leases.acquire("two", "run-2", 60.0, now=100.0).fence == 1


def test_expired_lease_passes_on_with_a_higher_fence(registry: Registry) -> None:
    """A ghost that wakes up after its lease has passed on is refused everything."""
    ghost = registry.leases.acquire("tacfed", "run-1", 60.0, now=100.0)
    heir = registry.leases.acquire("tacfed", "run-2", 60.0, now=160.0)
    assert heir.fence > ghost.fence
    with pytest.raises(LeaseLost):
        registry.leases.check(ghost, now=161.0)
    with pytest.raises(LeaseLost):
        registry.leases.renew(ghost, 60.0, now=161.0)
    registry.leases.release(ghost)
    registry.leases.check(heir, now=161.0)


def test_expired_lease_gives_no_right_even_when_nobody_took_it(registry: Registry) -> None:
    """Whoever may be replaced at any moment may not write; but may hold on to the lease again."""
    lease = registry.leases.acquire("tacfed", "run-1", 60.0, now=100.0)
    with pytest.raises(LeaseLost):
        registry.leases.check(lease, now=160.0)
    renewed = registry.leases.renew(lease, 60.0, now=170.0)
    registry.leases.check(renewed, now=171.0)
    assert renewed.fence == lease.fence


def test_same_owner_taking_again_fences_its_former_self(registry: Registry) -> None:
    """A run that was killed and started again under the same id does not share with its ghost."""
    ghost = registry.leases.acquire("tacfed", "run-1", 60.0, now=100.0)
    again = registry.leases.acquire("tacfed", "run-1", 60.0, now=110.0)
    assert again.fence == ghost.fence + 1
    with pytest.raises(LeaseLost):
        registry.leases.check(ghost, now=111.0)


def test_fence_grows_over_releases(registry: Registry) -> None:
    """Giving a lease back does not start the numbers again."""
    fences = []
    for number in range(4):
        lease = registry.leases.acquire("tacfed", f"run-{number}", 60.0, now=100.0)
        fences.append(lease.fence)
        registry.leases.release(lease)
    assert fences == [1, 2, 3, 4]
    assert registry.leases.holder("tacfed", now=100.0) is None


WRITER = """
import os, sys, time
from registry.leases import LeaseHeld
from registry.registry import Registry

url, log, owner, rounds = sys.argv[1:5]
with Registry(url) as registry:
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    won = 0
    while won < int(rounds):
        try:
            lease = registry.leases.acquire("tacfed", owner, 60.0, time.time())
        except LeaseHeld:
            time.sleep(0.002)
            continue
        os.write(out, f"in {lease.fence}\\n".encode())
        os.write(out, f"out {lease.fence}\\n".encode())
        registry.leases.release(lease)
        won += 1
"""


def test_processes_never_hold_one_lease_together(url: str, tmp_path) -> None:
    """Three real processes that compete enter one after the other, each with a new fence."""
    log = tmp_path / "log"
    argv = [sys.executable, "-c", WRITER, url, str(log)]
    writers = [subprocess.Popen([*argv, f"run-{number}", "8"]) for number in range(3)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    lines = log.read_text().split("\n")[:-1]
    fences = [int(line.split()[1]) for line in lines]
    assert lines == [word for fence in fences[::2] for word in (f"in {fence}", f"out {fence}")]
    assert sorted(fences[::2]) == list(range(1, 25))
