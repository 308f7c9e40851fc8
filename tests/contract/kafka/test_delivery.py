"""From the outbox to a real broker: everything arrives, in order per object, whatever happens to the broker."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from clients.kafka.sender import KafkaSender, Patience
from federation.errors import AuthenticationRejected, Unavailable
from registry.registry import Registry
from tasks.delivering import SCOPE, Courier
from tests.contract.kafka.conftest import Post
from tests.contract.kafka.reading import by_object, once, read

pytestmark = pytest.mark.real
SCHEMA = Path(__file__).parents[3] / "docs" / "events.schema.json"
LONG = 60.0


def in_order(count: int, objects: int = 3) -> dict[str, list[int]]:
    """What an orderly reader gets of so many events."""
    return {f"Federation/fed/Cluster/c{each}": list(range(each, count, objects)) for each in range(objects)}


def test_events_arrive_once_in_order_and_as_cloudevents(post: Post) -> None:
    """Nothing twice while nothing fails; key, type, source, id and data as documented."""
    post.write(0, 1200)
    waiting = {letter.id: letter for letter in post.registry.outbox.waiting(2000)}
    delivery = post.courier().deliver(Patience(LONG))
    assert (delivery.delivered, delivery.trouble) == (1200, None)
    received = read(post.broker.access(post.topic), lambda found: len(found) >= 1200)
    assert len(received) == len({each.id for each in received}) == 1200
    assert by_object(received) == in_order(1200)
    schema = json.loads(SCHEMA.read_text())
    for each in received[:20]:
        event, letter = each.event, waiting[each.id]
        assert event.get_type() == "dev.flotilla.condition.true"
        assert (event.get_source(), event.get_subject()) == ("/flotilla/federations/fed", each.key)
        assert event.get_extension("sequence") == f"{letter.sequence:020d}"
        assert each.data == json.loads(letter.data)
        jsonschema.validate({"type": event.get_type(), "data": each.data}, schema)
    assert post.registry.outbox.state().waiting == 0


def test_broker_that_is_gone_for_a_while_gets_everything_later(post: Post) -> None:
    """It goes down in the middle of a delivery and comes back: all arrive, in order once repeats are dropped."""
    count = 6000
    post.write(0, 3000)
    courier = post.courier()
    assert courier.deliver(Patience(LONG)).trouble is None
    post.write(3000, count)
    assassin = threading.Timer(0.1, post.broker.stop)
    assassin.start()
    begun = time.monotonic()
    while not (failed := courier.deliver(Patience(10.0))).trouble:
        post.write(count, count + 300)
        count += 300
    assassin.join()
    assert isinstance(failed.trouble, Unavailable)
    assert time.monotonic() - begun < LONG, "a broker that is gone holds nobody up"
    state = post.registry.outbox.state()
    assert state.waiting > 0 and state.failures == 1 and "does not take events" in state.trouble
    assert not courier.due(), "nobody tries again at once"
    post.broker.start()
    assert courier.deliver(Patience(LONG)).trouble is None
    received = read(post.broker.access(post.topic), lambda found: len(once(found)) >= count)
    assert by_object(once(received)) == in_order(count)
    assert post.registry.outbox.state().trouble == ""


def test_wrong_password_is_named_and_nothing_is_lost(post: Post) -> None:
    """At once, without the password; with the right one everything arrives."""
    post.write(0, 30)
    begun = time.monotonic()
    refused = post.courier("not-the-password").deliver(Patience(LONG))
    assert isinstance(refused.trouble, AuthenticationRejected)
    assert time.monotonic() - begun < LONG / 2
    trouble = post.registry.outbox.state().trouble
    assert trouble.startswith("AuthenticationRejected: ") and "not-the-password" not in trouble
    assert post.courier().deliver(Patience(LONG)).delivered == 30
    assert by_object(read(post.broker.access(post.topic), lambda found: len(found) >= 30)) == in_order(30)


def test_two_processes_deliver_nothing_twice(post: Post) -> None:
    """One holds the lease of the outbox; the other leaves it alone, and takes over when it is free."""
    post.write(0, 3000)
    couriers = [post.courier() for _ in range(4)]
    threads = [threading.Thread(target=each.deliver, args=(Patience(LONG),)) for each in couriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    received = read(post.broker.access(post.topic), lambda found: len(found) >= 3000)
    assert len(received) == len(once(received)) == 3000
    assert post.registry.leases.holder(SCOPE, time.time()) is None


def test_certificate_of_another_authority_is_refused(post: Post) -> None:
    """TLS is verified: the events stay here."""
    post.write(0, 3)
    stranger = replace(post.broker.access(post.topic), ca_certificate=None)
    sent = KafkaSender(stranger).send(post.registry.outbox.waiting(10), Patience(LONG))
    assert sent.delivered == () and "certificate verify failed" in str(sent.trouble)


def test_overflow_is_told_to_who_listens(post: Post, tmp_path: Path) -> None:
    """The events that were lost are missing, and one event says how many."""
    with Registry(f"sqlite:///{tmp_path}/small.db", outbox=10) as registry:
        small = replace(post, registry=registry)
        small.write(0, 25)
        access = post.broker.access(post.topic)
        assert Courier(registry, lambda: access).deliver(Patience(LONG)).delivered == 10
    received = read(access, lambda found: len(found) >= 10)
    (note,) = [each for each in received if each.event.get_type() == "dev.flotilla.events.lost"]
    assert (note.key, note.data) == ("Outbox", {"count": 16, "first_at": 0.0, "last_at": 15.0})
