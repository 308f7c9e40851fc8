"""The pool of sessions, against a real OpenSSH server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from clients.ssh.pool import SessionPool
from clients.ssh.session import Session
from federation.errors import HostUnreachable
from tests.unit.ssh.openssh import free_port


class Clock:
    """Time that tests move."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


@pytest.fixture
def clock():
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def opened():
    """Every session that a pool has opened."""
    return []


@pytest.fixture
def pool(clock, opened):
    """A pool that tells what it opens."""

    def open_session(login):
        session = Session(login)
        opened.append(session)
        return session

    made = SessionPool(open_session, idle_s=60, clock=clock)
    yield made
    made.close()


def test_a_session_is_used_again(pool, account, opened):
    """One connection for several uses, one after the other and at once."""
    with pool.session(account) as first, pool.session(account) as second:
        assert first is second
    with pool.session(account) as third:
        assert third.run(["echo", "x"]).stdout == "x\n"
    assert opened == [third]


def test_threads_that_come_together_open_one_session(pool, account, opened):
    """The first connects, the others wait for it."""
    together = threading.Barrier(8)

    def use(_):
        together.wait()
        with pool.session(account) as session:
            return session.run(["true"]).exit_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(use, range(8))) == {0}
    assert len(opened) == 1


def test_a_broken_session_is_replaced(pool, account, opened):
    """After the link broke, the next use connects anew."""
    with pytest.raises(HostUnreachable), pool.session(account) as session:
        session.run(["sleep", "30"], timeout_s=0.1)
    with pool.session(account) as session:
        assert session.run(["true"]).exit_code == 0
    assert len(opened) == 2


def test_an_idle_session_is_closed(pool, account, opened, clock):
    """Not while it is in use, not before its time, but then."""
    with pool.session(account):
        clock.now_s = 100
        pool.close_idle()
        assert opened[0].alive
    clock.now_s = 159
    pool.close_idle()
    assert opened[0].alive
    clock.now_s = 160
    pool.close_idle()
    assert not opened[0].alive


def test_a_closed_pool_leaves_no_connection(pool, account, opened):
    """Everything is hung up."""
    with pool.session(account):
        pass
    pool.close()
    assert not opened[0].alive


def test_a_machine_that_cannot_be_reached_is_forgotten(pool, account):
    """The error reaches the caller and nothing is kept."""
    with pytest.raises(HostUnreachable), pool.session(account.but(port=free_port())):
        pass
    pool.close_idle()
    assert pool._entries == {}
