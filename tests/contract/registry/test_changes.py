"""Changes through the door: all of it or nothing, decided on what was read; on every database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from federation.errors import Conflict, SpecInvalid
from registry.changes import Change, WishChange
from registry.orders import Order
from registry.receipts import KEPT_S, Receipt
from registry.registry import Registry
from registry.wishes import Wish
from tests.contract.registry.test_generations import a_federation
from tests.unit.registry.conftest import Clock

RECEIPT = Receipt("me", "key", "digest", 202, {"run": None})


def a_wish(name: str = "web", image: str = "nginx:1", *, cluster: str | None = "a") -> Wish:
    """An application of one component."""
    component = {"name": "front", "image": image, **({"placement": {"cluster": cluster}} if cluster else {})}
    return Wish("tacfed", name, "tno", {"name": name, "owner": "tno", "components": [component]}, cluster is not None)


def a_change(after: int = 0, clusters: str = "ab") -> Change:
    """A federation with a wish, a run for it, and an answer."""
    order = Order("0" * 32, "tacfed", "teardown/flotilla", {"federation": "tacfed"})
    wishes = (WishChange("web", a_wish(), None),)
    return Change("tacfed", after, a_federation(clusters), wishes, order, pinned=True, receipt=RECEIPT)


def _current(registry: Registry) -> int:
    found = registry.generations.current("tacfed")
    return found.number if found else 0


def test_change_is_written_in_one_piece(registry: Registry) -> None:
    """Generation, wish, order and receipt; the order names the generation that it was made for."""
    done = registry.changes.commit(a_change(), "tno")
    assert (done.number, _current(registry)) == (1, 1)
    assert [each.digest for each in registry.wishes.list()] == [a_wish().digest]
    assert [each.parameters for each in registry.orders.open()] == [{"federation": "tacfed", "generation": 1}]
    assert registry.receipts.get("me", "key") == RECEIPT


@pytest.mark.parametrize("moved", ["generation", "wish", "receipt"])
def test_change_that_was_decided_on_something_older_writes_nothing(registry: Registry, moved: str) -> None:
    """Whatever of it has moved, nothing of the rest is written either."""
    registry.changes.commit(a_change(), "first")
    order = Order("1" * 32, "tacfed", "reconcile/on-demand")
    late = replace(a_change(after=1, clusters="abc"), receipt=replace(RECEIPT, key="other"), order=order)
    match moved:
        case "generation":
            late = replace(late, after=0, wishes=())
        case "receipt":
            late = replace(late, receipt=RECEIPT, wishes=())
    with pytest.raises(Conflict):
        registry.changes.commit(late, "second")
    assert _current(registry) == 1
    assert registry.receipts.get("me", "other") is None
    assert len(registry.orders.open()) == 1


def test_same_order_twice_is_one_run(registry: Registry) -> None:
    """The newer one takes its place; placed, it is gone."""
    registry.changes.commit(replace(a_change(), pinned=False), "tno")
    again = Order("1" * 32, "tacfed", "teardown/flotilla", {"federation": "tacfed"})
    registry.changes.commit(Change("tacfed", 1, order=again), "tno")
    assert [each.id for each in registry.orders.of("tacfed")] == ["1" * 32]
    registry.orders.placed("1" * 32)
    registry.orders.placed("1" * 32)
    assert registry.orders.open() == ()


def test_every_generation_has_the_wishes_in_it_that_are_complete(registry: Registry) -> None:
    """Whoever writes the federation's own spec; an incomplete one leaves what ran before."""
    registry.changes.commit(a_change(), "tno")
    assert [each.name for each in registry.with_wishes(a_federation("ab")).spec.applications] == ["web"]
    registry.generations.put(registry.with_wishes(a_federation("ab")))
    newer = WishChange("web", a_wish(image="nginx:2", cluster=None), a_wish().digest)
    registry.changes.commit(Change("tacfed", 2, wishes=(newer,)), "tno")
    assert registry.with_wishes(a_federation("ab")).spec.applications[0].components[0].image == "nginx:1"
    with pytest.raises(SpecInvalid, match="deployed through the door by its owner 'tno'"):
        registry.with_wishes(a_federation("ab", applications=("web",)))
    registry.wishes.forget("tacfed")
    assert registry.with_wishes(a_federation("ab")).spec.applications == ()


def test_receipts_are_kept_for_a_day(registry: Registry, clock: Clock) -> None:
    """Then the same key is a new request."""
    registry.changes.commit(a_change(), "tno")
    registry.receipts.complete(replace(RECEIPT, answer={"run": "x"}))
    assert registry.receipts.get("me", "key") == replace(RECEIPT, answer={"run": "x"})
    clock.now += KEPT_S + 1
    assert registry.receipts.get("me", "key") is None
    registry.changes.commit(Change("tacfed", 1, receipt=RECEIPT), "tno")
    assert registry.receipts.get("me", "key") == RECEIPT


def test_token_is_found_by_its_text_and_by_nothing_else(registry: Registry) -> None:
    """Not with another secret, not after it was revoked."""
    token, text = registry.tokens.make("tno", frozenset({"placements"}))
    assert registry.tokens.find(text) == token
    assert (token.may("placements"), token.may("federations")) == (True, False)
    assert registry.tokens.find(text[:-1] + ("a" if text[-1] != "a" else "b")) is None
    assert registry.tokens.find("") is None
    assert registry.tokens.list() == (token,)
    assert (registry.tokens.revoke(token.id), registry.tokens.revoke(token.id)) == (True, False)
    assert registry.tokens.find(text) is None
