"""Long steps as transient units, on machines of the sandbox."""

from __future__ import annotations

import time

import pytest

from clients.ssh.session import Session
from clients.ssh.units import UnitState, journal_tail, reset_unit, start_unit, unit_state
from federation.errors import CommandFailed, Unavailable
from providers.bootstrap.changes import LongStep, advance
from providers.contracts import Waiting
from tests.contract.providers.bootstrap_rig import a_sandbox
from tests.networks import reserve_network


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    """A sandbox."""
    with a_sandbox(tmp_path_factory.mktemp("sandbox"), reserve_network()) as running:
        yield running


@pytest.fixture
def session(rig):
    """A session on a fresh machine."""
    (login,) = rig.logins(1).values()
    opened = Session(login)
    yield opened
    opened.close()


def settled(session: Session, unit: str) -> UnitState:
    """The state of a unit once it has ended."""
    until = time.monotonic() + 30
    while (state := unit_state(session, unit)) == "running" and time.monotonic() < until:
        time.sleep(0.02)
    return state


def test_a_unit_outlives_its_session_and_is_found_again(session, rig):
    """A step begun by one process is watched by the next."""
    assert unit_state(session, "flotilla-x") == "absent"
    start_unit(session, "flotilla-x", ["sh", "-c", "sleep 0.3 && touch /tmp/done"])
    assert unit_state(session, "flotilla-x") == "running"
    session.run(["true"])
    assert settled(session, "flotilla-x") == "succeeded"
    assert session.run(["test", "-e", "/tmp/done"]).exit_code == 0
    reset_unit(session, "flotilla-x")
    assert unit_state(session, "flotilla-x") == "absent"


def test_a_unit_that_exists_is_not_started_again(session):
    """Two callers, one run."""
    for _ in range(2):
        start_unit(session, "flotilla-y", ["sh", "-c", "echo ran >> /tmp/runs"])
        settled(session, "flotilla-y")
    assert session.read_file("/tmp/runs") == "ran\n"


def test_a_failed_unit_tells_its_last_words_once_and_can_begin_again(session):
    """State, log and reset."""
    step = LongStep("flotilla-z", ["sh", "-c", "echo no luck today >&2; exit 4"], "trying", "TryFailed")
    assert isinstance(advance(session, step, "absent"), Waiting)
    assert settled(session, "flotilla-z") == "failed"
    assert "no luck today" in journal_tail(session, "flotilla-z")
    with pytest.raises(CommandFailed, match="trying failed") as caught:
        advance(session, step, "failed")
    assert caught.value.reason == "TryFailed"
    assert "no luck today" in caught.value.log_tail
    assert unit_state(session, "flotilla-z") == "absent"


def test_a_failure_that_passes_by_itself_may_be_repeated_in_this_run(session):
    """A busy package manager is no reason to give up."""
    words = "E: Could not get lock /var/lib/dpkg/lock"
    step = LongStep("flotilla-l", ["sh", "-c", f"echo '{words}'; exit 100"], "installing", "PackagesFailed", ("lock",))
    advance(session, step, "absent")
    assert settled(session, "flotilla-l") == "failed"
    with pytest.raises(Unavailable, match="installing failed"):
        advance(session, step, "failed")
    assert unit_state(session, "flotilla-l") == "absent"


def test_tokens_in_a_log_are_masked(session):
    """What kubeadm prints never gets further than the machine."""
    start_unit(session, "flotilla-t", ["echo", "kubeadm join --token abcdef.0123456789abcdef"])
    settled(session, "flotilla-t")
    tail = journal_tail(session, "flotilla-t")
    assert "--token ***" in tail
    assert "0123456789abcdef" not in tail


def test_a_program_that_does_not_exist_is_an_error(session):
    """Nothing is started, and the caller learns why."""
    with pytest.raises(CommandFailed, match="/no/such/program"):
        start_unit(session, "flotilla-n", ["/no/such/program"])
    assert unit_state(session, "flotilla-n") == "absent"
