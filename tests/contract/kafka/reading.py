"""A consumer of its own: reads a topic from its beginning, and understands CloudEvents by their library."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import Consumer

from clients.kafka.access import KafkaAccess

Headers = list[tuple[str, bytes | None]]
_POLLS, _POLL_S = 300, 0.2


@dataclass(frozen=True)
class Received:
    """A message: its key, and the event in it."""

    key: str
    event: BaseCloudEvent

    @property
    def id(self) -> str:
        """The event's id."""
        return self.event.get_id()

    @property
    def data(self) -> dict:
        """The event's data."""
        found = self.event.get_data()
        assert isinstance(found, dict)
        return found


def read(access: KafkaAccess, enough: Callable[[list[Received]], bool]) -> list[Received]:
    """Read from the beginning until there is enough, in the order of each partition."""
    consumer = Consumer(
        {
            **access.configuration(),
            "group.id": str(uuid.uuid4()),
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "topic.metadata.refresh.interval.ms": 500,
            "log_level": 2,
        }
    )
    consumer.subscribe([access.topic])
    found: list[Received] = []
    try:
        for _ in range(_POLLS):
            if enough(found):
                return found
            for message in consumer.consume(1000, _POLL_S):
                value, key = message.value(), message.key()
                if message.error() is None and value is not None and key is not None:
                    headers = {name: bytes(content or b"") for name, content in cast(Headers, message.headers() or [])}
                    text = key.decode() if isinstance(key, bytes) else key
                    content = value if isinstance(value, bytes) else value.encode()
                    event = from_structured(KafkaMessage(headers, text, content), JSONFormat())
                    assert headers["content-type"] == b"application/cloudevents+json"
                    found.append(Received(text, event))
    finally:
        consumer.close()
    raise AssertionError(f"{len(found)} events, and it is not enough")


def once(received: list[Received]) -> list[Received]:
    """Without what came a second time, as a consumer drops it by its id."""
    seen: dict[str, Received] = {}
    for each in received:
        seen.setdefault(each.id, each)
    return list(seen.values())


def by_object(received: list[Received]) -> dict[str, list[int]]:
    """The numbers of the events of each object, in the order in which they came."""
    found: dict[str, list[int]] = {}
    for each in received:
        found.setdefault(each.key, []).append(each.data["generation"])
    return found
