"""Several processes on one registry at the same moment, as several workers are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from federation.errors import LeaseLost, Unavailable
from registry.registry import Registry

ROOT = Path(__file__).parents[3]
WAIT = """
import sys, time
url, start, number = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
from registry.registry import Registry
from tests.contract.registry.test_generations import a_federation
"""
PUT = (
    WAIT
    + """
with Registry(url) as registry:
    sys.stdin.readline()
    for turn in range(6):
        registry.generations.put(a_federation("abcdef"[: 1 + (turn + number) % 6]), f"worker-{number}")
"""
)
OPEN = (
    WAIT
    + """
sys.stdin.readline()
Registry(url).close()
"""
)
INTEND = (
    WAIT
    + """
with Registry(url) as registry:
    sys.stdin.readline()
    for turn in range(10):
        registry.ledger.intend("tacfed", "server", f"s-{turn}", "openstack:lab")
        registry.ledger.confirm("tacfed", "server", f"s-{turn}", "openstack:lab", f"id-{turn}")
        registry.statuses.put("tacfed", {"turn": turn})
        registry.runs.start(f"run-{turn}", "apply", "tacfed")
"""
)


def _together(code: str, url: str, count: int = 4) -> list[str]:
    """Run a program several times at once; what each complained of."""
    argv = [sys.executable, "-c", code, url, "0"]
    pipe = subprocess.PIPE
    workers = [
        subprocess.Popen([*argv, str(number)], stdin=pipe, stderr=pipe, text=True, cwd=ROOT) for number in range(count)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    return [worker.communicate(timeout=120)[1] for worker in workers]


def test_an_empty_database_is_opened_by_all_at_once(url: str) -> None:
    """Tables are made once, by whoever comes first."""
    assert _together(OPEN, url, 6) == [""] * 6
    with Registry(url) as registry:
        assert registry.generations.list() == ()


def test_generations_of_all_are_numbered_one_after_the_other(url: str) -> None:
    """No number is given twice and none is left out, and nobody is refused."""
    assert _together(PUT, url) == [""] * 4
    with Registry(url) as registry:
        numbers = [each.number for each in registry.generations.history("tacfed")]
    assert len(numbers) >= 6
    assert numbers == list(range(len(numbers), 0, -1))


def test_the_same_intent_of_all_is_one_entry(url: str) -> None:
    """Ledger, status and runs are written by all at once."""
    assert _together(INTEND, url) == [""] * 4
    with Registry(url) as registry:
        entries = registry.ledger.open_entries("tacfed")
        assert sorted((entry.name, entry.object_id) for entry in entries) == [(f"s-{n}", f"id-{n}") for n in range(10)]
        assert len(registry.runs.recent("tacfed")) == 10


def test_a_ghost_is_fenced_off_by_another_process(url: str) -> None:
    """What one process holds and forgets, another takes; the first is told before it writes."""
    with Registry(url) as ghost, Registry(url) as heir:
        lease = ghost.leases.acquire("tacfed", "ghost", 60.0, now=100.0)
        taken = heir.leases.acquire("tacfed", "heir", 60.0, now=161.0)
        assert taken.fence == lease.fence + 1
        with pytest.raises(LeaseLost):
            ghost.leases.check(lease, now=162.0)
        with pytest.raises(LeaseLost):
            ghost.leases.renew(lease, 60.0, now=162.0)


@pytest.mark.real
def test_a_server_that_is_not_there_is_unavailable(url: str) -> None:
    """A registry that cannot be reached may be tried again; its password is not told."""
    if url.startswith("sqlite"):
        url = "postgresql+psycopg://flotilla:geheim@127.0.0.1:1/registry"
    with pytest.raises(Unavailable) as failed:
        Registry(url.replace("/registry_", "/no_such_registry_"))
    assert ":***@" in str(failed.value)
