"""Sends events to a topic, in order and for a bounded time, and tells which of them the brokers have."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from clients.kafka.access import KafkaAccess
from clients.kafka.envelope import render_message
from federation.errors import AuthenticationRejected, FlotillaError, Rejected, Unavailable
from federation.events import Letter

_POLL_S = 0.05
_LIBRARY = logging.getLogger("clients.kafka.librdkafka")
_ALL_DOWN = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001 - the library's name, as those below
_REFUSED = {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED}  # noqa: SLF001 - as above
_HOPELESS = {*_REFUSED, _ALL_DOWN, KafkaError._SSL, KafkaError._FATAL}  # noqa: SLF001 - as above
_FORBIDDEN = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
_PURGED = {KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT}  # noqa: SLF001 - as above


@dataclass(frozen=True)
class Sent:
    """What came of an attempt.

    Attributes:
        delivered: Events that the brokers acknowledged.
        trouble: Why the others were not; None when all were.
    """

    delivered: tuple[Letter, ...]
    trouble: FlotillaError | None = None


class Patience:
    """How long an attempt goes on; another thread may shorten it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._begun = time.monotonic()

    def shorten(self, seconds: float) -> None:
        """Let it end so many seconds from now, if that is sooner."""
        self.seconds = min(self.seconds, time.monotonic() - self._begun + seconds)

    def over(self) -> bool:
        """Whether it is used up."""
        return time.monotonic() - self._begun >= self.seconds


class KafkaSender:
    """A producer that never writes out of order and, while nothing fails, nothing twice.

    Nothing times out by itself in its queue: what is left at the end of an attempt is dropped as a whole, and the next
    one begins with a producer of its own at the first event that was not acknowledged. An event whose acknowledgement
    was lost is sent again, with the same id.

    Args:
        access: Where to.
    """

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._producer: Producer | None = None
        self._errors: list[KafkaError] = []

    def send(self, letters: Sequence[Letter], patience: Patience) -> Sent:
        """Send events, and wait until the brokers have them or the time is over; later events wait for earlier ones."""
        try:
            producer = self._opened()
        except (KafkaException, ValueError) as error:
            return Sent((), Rejected(f"Kafka's client does not take the settings of the block: {error}"))
        producer.poll(0)
        self._errors.clear()
        attempt = _Attempt()
        for letter in letters:
            attempt.produce(producer, self._access.topic, letter)
            if attempt.refusals:
                break
        self._wait(producer, attempt, patience)
        if len(producer):
            self.close()
        delivered = tuple(letter for letter in letters if letter.id in attempt.acknowledged)
        if len(delivered) == len(letters):
            return Sent(delivered)
        return Sent(delivered, self._trouble(attempt, patience))

    def close(self) -> None:
        """Drop what is under way and the connections; the next attempt opens new ones."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()
            producer.poll(0)

    def _opened(self) -> Producer:
        if self._producer is None:
            bounded = {
                "enable.idempotence": True,
                "message.timeout.ms": 300_000,
                "socket.connection.setup.timeout.ms": 5000,
                "reconnect.backoff.max.ms": 1000,
                "topic.metadata.propagation.max.ms": 2000,
                "linger.ms": 5,
                "client.id": "flotilla",
                "log_level": 2,  # what it would complain of is in the errors
                "error_cb": self._errors.append,
            }
            self._producer = Producer({**self._access.configuration(), **bounded}, logger=_LIBRARY)
        return self._producer

    def _wait(self, producer: Producer, attempt: _Attempt, patience: Patience) -> None:
        while len(producer) and not attempt.refusals and not patience.over():
            producer.poll(_POLL_S)
            if any(error.code() in _HOPELESS for error in self._errors):
                return

    def _trouble(self, attempt: _Attempt, patience: Patience) -> FlotillaError:
        servers, topic = self._access.servers, self._access.topic
        codes = {error.code(): error for error in (*self._errors, *attempt.refusals)}
        for code, error in codes.items():
            if code in _REFUSED:
                return AuthenticationRejected(f"Kafka at {servers} refuses the login: {error.str()}")
            if code in _FORBIDDEN:
                return AuthenticationRejected(f"Kafka at {servers} does not let us write to {topic}: {error.str()}")
        if attempt.refusals:
            return Rejected(f"Kafka at {servers} does not take events for {topic}: {attempt.refusals[0].str()}")
        telling = [error.str() for error in self._errors if error.code() != _ALL_DOWN]
        why = telling[-1] if telling else f"no answer in {patience.seconds:.0f} s"
        return Unavailable(f"Kafka at {servers} does not take events: {why}")


class _Attempt:
    """Which events were acknowledged, and why others never will be."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.refusals: list[KafkaError] = []

    def produce(self, producer: Producer, topic: str, letter: Letter) -> None:
        """Hand an event to the client, which may refuse it at once."""
        message = render_message(letter)

        def ended(error: KafkaError | None, _message: Message) -> None:
            if error is None:
                self.acknowledged.add(letter.id)
            elif error.code() not in _PURGED:
                self.refusals.append(error)

        headers: list[tuple[str, str | bytes | None]] = [*message.headers.items()]
        try:
            producer.produce(topic, message.value, message.key, headers=headers, on_delivery=ended)
        except KafkaException as error:
            self.refusals.append(error.args[0])
