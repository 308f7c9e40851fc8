"""The worst of TNO's links, a hundred times as fast, with all its proportions."""

from __future__ import annotations

from tests.reliability.links import measured


def test_all_four_operations_get_there_over_the_worst_link(inside):
    """Where TNO's clusters only found each other, they peer, offload and part."""
    rows = measured(inside, 0.01, ("worst",))
    assert {row["operation"]: row["result"] for row in rows} == dict.fromkeys(
        ("discovery", "peering", "offloading", "unjoining"), "done"
    )
