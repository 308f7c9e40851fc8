"""How a status looks in a terminal, and where there is none."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from federation.state.conditions import false
from federation.state.status import FederationStatus, ObjectStatus
from flotilla.console import print_tree, status_tree

WORDS = "n1 keeps pod shop/web-1, which may not leave: the budget web needs 2 healthy pods; add replicas"


@pytest.mark.parametrize("terminal", [True, False])
def test_no_word_of_a_condition_is_lost(terminal):
    """The end of a message is the fix. A narrow terminal breaks the line; a file or a pipe gets it in one."""
    blocked = (false("NodesDrained", "DrainBlocked", WORDS),)
    root = ObjectStatus(kind="Federation", name="f", conditions=(), parts=(_cluster(blocked),))
    status = FederationStatus(federation="f", generation=1, digest="d", observed_at=0.0, root=root)
    kept = io.StringIO()
    print_tree(
        status_tree(status), Console(file=kept, width=60, force_terminal=terminal, no_color=True, soft_wrap=True)
    )
    told = [line.lstrip("│├└─ ").strip() for line in kept.getvalue().splitlines()]
    assert WORDS in " ".join(told)
    assert any(WORDS in line for line in told) != terminal


def _cluster(conditions):
    return ObjectStatus(kind="Cluster", name="a", conditions=(*conditions, false("Available", "X")))
