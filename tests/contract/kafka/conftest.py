"""A real broker for the module, and for each test a topic and an outbox of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from federation.events import Event, condition_changed
from federation.state.conditions import true
from registry.registry import Registry
from tasks.delivering import Courier
from tests.proving.broker import RealBroker
from tests.proving.building import Missing
from tests.proving.kafka import find

_numbers = itertools.count()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBroker]:
    """A broker that runs; a test that stops it starts it again."""
    try:
        server = find()
    except Missing as reason:
        pytest.skip(str(reason))
    with RealBroker(server, tmp_path_factory.mktemp("kafka")) as running:
        yield running


@dataclass(frozen=True)
class Post:
    """One outbox, and the topic that it is delivered to."""

    broker: RealBroker
    registry: Registry
    topic: str

    def write(self, first: int, last: int, objects: int = 3) -> None:
        """Events of several objects by turns; the generation is their number."""
        self.registry.outbox.put([an_event(number, number % objects) for number in range(first, last)])

    def courier(self, password: str | None = None) -> Courier:
        """Who delivers; with another password, if given."""
        access = self.broker.access(self.topic, password)
        return Courier(self.registry, lambda: access)


def an_event(number: int, cluster: int) -> Event:
    """A condition of a cluster that came true."""
    return condition_changed(f"Federation/fed/Cluster/c{cluster}/Ready", true("Ready"), number, float(number))


@pytest.fixture
def post(broker: RealBroker, tmp_path: Path, record_property: Callable[[str, object], None]) -> Iterator[Post]:
    """An empty outbox and an empty topic."""
    record_property("server", "Kafka")
    record_property("version", find().version.removeprefix("Kafka "))
    with Registry(f"sqlite:///{tmp_path}/registry.db", outbox=100_000) as registry:
        yield Post(broker, registry, f"events-{next(_numbers)}")
