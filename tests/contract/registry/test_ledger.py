"""The ledger of intents."""

from __future__ import annotations

from registry.registry import Registry
from tests.unit.registry.conftest import Clock


def test_intent_is_open_until_it_is_struck(registry: Registry) -> None:
    """What was intended and confirmed stays open until the object is seen to be gone."""
    registry.ledger.intend("tacfed", "server", "tacfed-a-cp-0", "openstack:lab")
    registry.ledger.confirm("tacfed", "server", "tacfed-a-cp-0", "openstack:lab", "id-1")
    (entry,) = registry.ledger.open_entries("tacfed")
    assert (entry.kind, entry.object_id) == ("server", "id-1")
    registry.ledger.strike("tacfed", "server", "tacfed-a-cp-0", "openstack:lab")
    registry.ledger.strike("tacfed", "server", "tacfed-a-cp-0", "openstack:lab")
    assert registry.ledger.open_entries("tacfed") == ()


def test_what_was_made_to_its_end_is_told_from_what_was_only_begun(registry: Registry) -> None:
    """Nothing, an intent, and an id that came back are three different things, place by place."""
    name = ("tacfed", "Cluster.kind", "tacfed-a")
    told = [registry.ledger.places(*name)]
    registry.ledger.intend(*name, "docker:1")
    registry.ledger.intend(*name, "docker:2")
    registry.ledger.intend("tacfed", "Cluster.kind", "tacfed-b", "docker:1")
    told.append(registry.ledger.places(*name))
    registry.ledger.confirm(*name, "docker:2", "id-1")
    told.append(registry.ledger.places(*name))
    assert told == [{}, {"docker:1": False, "docker:2": False}, {"docker:1": False, "docker:2": True}]


def test_ids_are_those_that_came_back_in_one_place(registry: Registry) -> None:
    """An intent has none; other kinds and places are apart; one name can be asked for."""
    for kind, name, place in (
        ("server", "m1", "lab"),
        ("server", "m2", "lab"),
        ("server", "m1", "east"),
        ("port", "m1", "lab"),
    ):
        registry.ledger.confirm("tacfed", kind, name, place, f"{kind}-{name}-{place}")
    registry.ledger.intend("tacfed", "server", "m3", "lab")
    assert registry.ledger.ids("tacfed", "server", "lab") == {"m1": "server-m1-lab", "m2": "server-m2-lab"}
    assert registry.ledger.ids("tacfed", "server", "lab", "m2") == {"m2": "server-m2-lab"}
    assert registry.ledger.ids("tacfed", "server", "lab", "m3") == {}


def test_repeated_intent_keeps_time_and_id_of_the_first(registry: Registry, clock: Clock) -> None:
    """A step that is repeated after a crash does not lose what was confirmed."""
    registry.ledger.intend("tacfed", "port", "p", "openstack:lab")
    registry.ledger.confirm("tacfed", "port", "p", "openstack:lab", "id-1")
    clock.now += 60
    registry.ledger.intend("tacfed", "port", "p", "openstack:lab")
    (entry,) = registry.ledger.open_entries("tacfed")
    assert (entry.object_id, entry.intended_at) == ("id-1", 1_000.0)


def test_entries_of_another_federation_or_place_are_apart(registry: Registry) -> None:
    """The same name in two clouds is two objects."""
    registry.ledger.intend("tacfed", "port", "p", "openstack:lab")
    registry.ledger.confirm("tacfed", "port", "p", "openstack:east", "id-2")
    registry.ledger.intend("other", "port", "p", "openstack:lab")
    registry.ledger.strike("tacfed", "port", "p", "openstack:lab")
    assert [entry.place for entry in registry.ledger.open_entries("tacfed")] == ["openstack:east"]
    assert len(registry.ledger.open_entries("other")) == 1
