"""Reading once for many."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from federation.errors import Unavailable
from providers.infrastructure.hosts.owner_file import UNREADABLE, HostOwner, parse_owner
from providers.survey import Survey


def test_what_many_ask_for_is_read_once() -> None:
    """Threads that ask while the first still reads wait for its answer."""
    survey, reads, started = Survey(), [], threading.Event()

    def read() -> int:
        started.wait(10)
        reads.append(1)
        return 42

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(survey.once, "key", read) for _ in range(8)]
        started.set()
        assert [answer.result() for answer in answers] == [42] * 8
    assert len(reads) == 1


def test_failure_is_told_to_everyone_without_another_try() -> None:
    """A cloud that is down costs one timeout, not one for each cluster."""
    survey, reads = Survey(), []

    def fail() -> None:
        reads.append(1)
        raise Unavailable("down")

    for _ in range(3):
        with pytest.raises(Unavailable):
            survey.once("key", fail)
    assert len(reads) == 1


def test_owner_file_is_read_back_as_it_was_written() -> None:
    """And a file that nobody can understand belongs to somebody."""
    owner = HostOwner("fed", "a", "control-plane", "cp")
    assert parse_owner(owner.render()) == owner
    assert parse_owner(None) is None
    assert parse_owner("{") == parse_owner("[]") == parse_owner('{"federation": "fed"}') == UNREADABLE
