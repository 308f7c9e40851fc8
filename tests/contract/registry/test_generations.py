"""Versions of a federation, and what may still exist of earlier ones."""

from __future__ import annotations

from typing import Any

from federation.spec.federation import Federation
from registry.registry import Registry


def a_federation(
    clusters: str = "ab", peerings: tuple[dict[str, Any], ...] = (), applications: tuple[str, ...] = ()
) -> Federation:
    """A federation of clusters with one-letter names."""
    component = {"name": "web", "image": "nginx:1", "placement": {"cluster": "a"}}
    return Federation.model_validate(
        {
            "apiVersion": "flotilla.dev/v1alpha1",
            "kind": "Federation",
            "metadata": {"name": "tacfed"},
            "spec": {
                "defaults": {
                    "infrastructure": {"type": "hosts", "inventory": "lab"},
                    "distribution": {"type": "k3s", "version": "v1.36.4+k3s1"},
                },
                "clusters": [{"name": name} for name in clusters],
                "peerings": list(peerings),
                "applications": [{"name": name, "components": [component]} for name in applications],
            },
        }
    )


def test_same_spec_stays_same_generation(registry: Registry) -> None:
    """Applying what is current already makes no new generation."""
    first = registry.generations.put(a_federation(), "ann")
    second = registry.generations.put(a_federation(), "bob")
    assert (first.number, second) == (1, first)


def test_current_generation_is_the_last_one_and_gives_its_spec_back(registry: Registry) -> None:
    """The document that is kept parses to the very spec that was put."""
    registry.generations.put(a_federation("ab"))
    put = registry.generations.put(a_federation("abc"))
    current = registry.generations.current("tacfed")
    assert current == put
    assert current.number == 2
    assert current.parsed() == a_federation("abc")


def test_unknown_federation_has_no_generation(registry: Registry) -> None:
    """Asking for what was never put is no error."""
    assert registry.generations.current("nobody") is None
    assert registry.generations.former("nobody").clusters == ()


def test_going_back_to_an_earlier_spec_is_a_new_generation(registry: Registry) -> None:
    """Only the current digest is compared, so a roll-back counts on."""
    for clusters in ("a", "ab", "a"):
        registry.generations.put(a_federation(clusters))
    assert [each.number for each in registry.generations.history("tacfed")] == [3, 2, 1]


def test_former_names_what_was_dropped_until_it_is_gone(registry: Registry) -> None:
    """A dropped cluster stays former over later generations, with the defaults it was built with."""
    for clusters in ("abc", "ab", "a"):
        registry.generations.put(a_federation(clusters))
    former = registry.generations.former("tacfed")
    assert [cluster.name for cluster in former.clusters] == ["b", "c"]
    assert former.clusters[0].infrastructure.type == "hosts"
    registry.generations.confirm_gone("tacfed", "cluster", "b")
    assert [cluster.name for cluster in registry.generations.former("tacfed").clusters] == ["c"]


def test_dropping_one_direction_of_a_mutual_peering_leaves_it_former(registry: Registry) -> None:
    """Peerings are remembered by direction, however the entry that asked for them was written."""
    registry.generations.put(a_federation(peerings=({"between": ["a", "b"]},)))
    registry.generations.put(a_federation(peerings=({"consumer": "a", "provider": "b"},)))
    (former,) = registry.generations.former("tacfed").peerings
    assert (former.consumer, former.provider) == ("b", "a")
    registry.generations.confirm_gone("tacfed", "peering", "b->a")
    assert registry.generations.former("tacfed").peerings == ()


def test_current_member_cannot_be_confirmed_gone(registry: Registry) -> None:
    """Losing an object that is still asked for does not make it forgotten when it is dropped later."""
    registry.generations.put(a_federation(applications=("shop",)))
    registry.generations.confirm_gone("tacfed", "application", "shop")
    registry.generations.put(a_federation())
    assert [each.name for each in registry.generations.former("tacfed").applications] == ["shop"]


def test_member_that_comes_back_is_not_former(registry: Registry) -> None:
    """A cluster that is asked for again is current again."""
    for clusters in ("ab", "a", "ab"):
        registry.generations.put(a_federation(clusters))
    assert registry.generations.former("tacfed").clusters == ()


def test_retired_federation_is_not_listed_and_counts_on_when_it_returns(registry: Registry) -> None:
    """Numbers never start again, so that an old plan is never mistaken for a new one."""
    registry.generations.put(a_federation())
    registry.generations.retire("tacfed")
    assert registry.generations.list() == ()
    assert registry.generations.current("tacfed") is None
    assert registry.generations.put(a_federation()).number == 2
    assert [each.number for each in registry.generations.list()] == [2]


def test_list_names_every_federation_once(registry: Registry) -> None:
    """Only the current generation of each federation is listed."""
    registry.generations.put(a_federation("a"))
    registry.generations.put(a_federation("ab"))
    assert [(each.federation, each.number) for each in registry.generations.list()] == [("tacfed", 2)]
