"""Lines of the ledger whose machines are gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.settling import settle_machines
from registry.registry import Registry
from tests.unit.planning.short import a_case

SEEN = ("fed-a-default-0", "fed-a-default-1")
LEFT, OTHERS = "fed-a-default-8", "fed-a-b-cp-0"


def open_after(folder: Path, **observed: object) -> set[str]:
    """Names that are still in the ledger after one look at clusters a and a-b."""
    case = {"clusters": {"a": {"workers": 2, "addons": []}, "a-b": {"addons": []}}, "observed": observed}
    with Registry(f"sqlite:///{folder}/registry.db") as registry:
        for name in (*SEEN, LEFT, OTHERS, "flotilla-fed-a-api"):
            for kind in ("port", "floating_ip", "server"):
                registry.ledger.intend("fed", kind, name, "openstack:lab")
        registry.ledger.intend("fed", "host", LEFT, "inventory:lab")
        settle_machines(registry.ledger, a_case(case))
        settle_machines(registry.ledger, a_case(case))
        return {f"{each.kind} {each.name}" for each in registry.ledger.open_entries("fed")}


def lines(*names: str) -> set[str]:
    """The lines of machines."""
    return {f"{kind} {name}" for name in names for kind in ("port", "floating_ip", "server")}


def test_what_nobody_wants_and_nobody_sees_is_struck(tmp_path):
    """Of a machine whose removal was cut off; what others have in the ledger stays."""
    left = open_after(tmp_path, a={}, **{"a-b": {}})
    assert left == lines(*SEEN, OTHERS, "flotilla-fed-a-api") | {f"host {LEFT}"}


@pytest.mark.parametrize("a", ["dark", {"machines": {LEFT: {}}}, {"machines": {LEFT: {"state": "building"}}}])
def test_what_may_be_there_stays(tmp_path, a):
    """While the cloud is silent nobody can tell; a part of a machine that is still there is seen as a machine."""
    assert lines(LEFT) <= open_after(tmp_path, a=a, **{"a-b": {}})


def test_machines_of_a_cluster_with_a_longer_name_are_not_taken_for_another_clusters(tmp_path):
    """Cluster a-b is silent, and what begins like machines of a is not a's: it may be there."""
    assert lines(OTHERS) <= open_after(tmp_path, a={}, **{"a-b": "dark"})


def test_what_is_wanted_stays_though_nothing_of_it_is_there(tmp_path):
    """It is made in a moment, and its line is written before."""
    assert lines(*SEEN) <= open_after(tmp_path, a={"machines": dict.fromkeys(SEEN)}, **{"a-b": {}})
