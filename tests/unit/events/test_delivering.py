"""Delivering without a broker: bounded, in peace with others, and told."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.credentials import KafkaCluster
from clients.kafka.access import KafkaAccess
from clients.kafka.sender import KafkaSender, Patience
from federation.errors import Rejected, SpecInvalid, Unavailable
from federation.events import ENDED, RunData, run_event
from flows import posting as module
from flows.posting import posting
from registry.registry import Registry
from tasks.delivering import SCOPE, Courier


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry with two events to deliver."""
    with Registry(f"sqlite:///{tmp_path}/registry.db", outbox=100) as opened:
        ended = run_event(ENDED, "fed", RunData(run="r", flow="apply"), 1.0)
        opened.outbox.put([ended, ended])
        yield opened


@pytest.fixture
def silent() -> Iterator[KafkaAccess]:
    """A broker that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield KafkaAccess(f"127.0.0.1:{server.getsockname()[1]}", "events", tls=False)


@pytest.fixture
def absent() -> KafkaAccess:
    """A broker that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return KafkaAccess(f"127.0.0.1:{server.getsockname()[1]}", "events", tls=False)


def test_silent_broker_costs_its_time_and_no_more(registry: Registry, silent: KafkaAccess) -> None:
    """The attempt ends, the events stay, and the trouble is written down."""
    courier = Courier(registry, lambda: silent)
    delivery = courier.deliver(Patience(0.3))
    assert isinstance(delivery.trouble, Unavailable) and "no answer" in str(delivery.trouble)
    state = registry.outbox.state()
    assert (state.waiting, state.failures) == (2, 1)
    assert "does not take events" in state.trouble
    assert not courier.due()


def test_attempt_can_be_cut_short_from_outside(registry: Registry, silent: KafkaAccess) -> None:
    """A run that ends waits no longer than it wants to."""
    patience = Patience(600.0)
    courier = Courier(registry, lambda: silent)
    attempt = threading.Thread(target=courier.deliver, args=(patience,))
    attempt.start()
    patience.shorten(0.0)
    attempt.join(30.0)
    assert not attempt.is_alive()


def test_absent_broker_is_told_at_once(registry: Registry, absent: KafkaAccess) -> None:
    """Nobody waits for the end of the patience when nobody is there."""
    delivery = Courier(registry, lambda: absent).deliver(Patience(600.0))
    assert isinstance(delivery.trouble, Unavailable)


def test_nonsense_in_the_block_is_told(registry: Registry, absent: KafkaAccess) -> None:
    """What the client cannot use, and a block that is not there."""
    broken = KafkaAccess(absent.servers, "events", ca_certificate="no certificate")
    assert isinstance(KafkaSender(broken).send(registry.outbox.waiting(10), Patience(5.0)).trouble, Rejected)

    def missing() -> KafkaAccess:
        raise SpecInvalid("there is no block 'bus'", reason="BlockMissing")

    assert isinstance(Courier(registry, missing).deliver(Patience(5.0)).trouble, SpecInvalid)
    assert registry.outbox.state().trouble == "BlockMissing: there is no block 'bus'"


def test_nobody_delivers_while_another_does(registry: Registry, absent: KafkaAccess) -> None:
    """Two would mix up the order."""
    registry.leases.acquire(SCOPE, "another process", 60.0, time.time())
    delivery = Courier(registry, lambda: absent).deliver(Patience(5.0))
    assert (delivery.delivered, delivery.trouble) == (0, None)
    assert registry.outbox.state().failures == 0


async def test_run_goes_on_whatever_becomes_of_its_events(
    registry: Registry, silent: KafkaAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block of the run is not held up, and its end only for a moment."""
    monkeypatch.setattr(module, "courier_for", lambda registry, block: Courier(registry, lambda: silent))
    monkeypatch.setattr(module, "LAST_S", 0.2)
    async with posting(registry, "bus"):
        await asyncio.sleep(0)
    assert registry.outbox.state().waiting == 2
    async with posting(registry, None):
        await asyncio.sleep(0)


def test_secrets_are_in_no_representation() -> None:
    """Neither the block nor the access shows them."""
    block = KafkaCluster.model_validate(
        {"servers": "k:9092", "mechanism": "SCRAM-SHA-512", "username": "u", "password": "pass-0123"}
    )
    assert "pass-0123" not in repr(block) + repr(block.access())
    assert block.access().configuration()["sasl.password"] == "pass-0123"
    assert block.access().configuration()["security.protocol"] == "SASL_SSL"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"mechanism": "PLAIN", "username": "u", "password": "p", "tls": False}, "in clear"),
        ({"mechanism": "SCRAM-SHA-512", "username": "u"}, "username and password"),
        ({"client_certificate": "x"}, "belong together"),
        ({"topic": "no spaces"}, "topic"),
    ],
)
def test_senseless_block_is_refused(fields: dict[str, object], complaint: str) -> None:
    """With what is wrong."""
    with pytest.raises(ValueError, match=complaint):
        KafkaCluster.model_validate({"servers": "k:9092", **fields})
