"""Two processes that share a trial leave nothing out and try nothing twice."""

from __future__ import annotations

import pytest

from tests.reliability.journal import SHARE, share


def test_shares_fit_together_though_one_list_has_an_entry_more(monkeypatch: pytest.MonkeyPatch):
    """Each process records a life of its own, and two lives differ by a request now and then."""
    shares = []
    for part, points in (("1/2", range(1, 101)), ("2/2", range(101))):
        monkeypatch.setenv(SHARE, part)
        shares.append(set(share(points)))
    assert not shares[0] & shares[1]
    assert shares[0] | shares[1] | {0} == set(range(101))
    assert min(map(len, shares)) > 30
