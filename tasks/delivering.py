"""Delivering: what waits in the outbox goes to Kafka, in order, by one process at a time."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from blocks.vault import BlockVault
from clients.kafka.access import KafkaAccess
from clients.kafka.sender import KafkaSender, Patience
from federation.errors import FlotillaError
from registry.leases import Lease, LeaseHeld
from registry.registry import Registry

SCOPE = "the outbox"
"""Lease of who delivers; no federation can have this name."""
BATCH = 500
RETRY_AFTER_S = 20.0
"""After a failure nobody tries again for so long, in whatever process."""
_LEASE_S = 60.0


@dataclass(frozen=True)
class Delivery:
    """What came of an attempt.

    Attributes:
        delivered: Events that Kafka has now.
        trouble: Why others still wait; None when none does, or another process is at it.
    """

    delivered: int = 0
    trouble: FlotillaError | None = None


class Courier:
    """Takes events from the outbox to Kafka; at least once, and each with the same id. Never raises for Kafka's sake.

    Args:
        registry: With the outbox.
        access: Tells where Kafka is; asked again after each failure, since somebody may have put the block right.
    """

    def __init__(self, registry: Registry, access: Callable[[], KafkaAccess]) -> None:
        self._registry = registry
        self._access = access
        self._owner = f"courier {os.getpid()} {uuid.uuid4()}"
        self._sender: KafkaSender | None = None

    def due(self) -> bool:
        """Whether something waits and the last attempt did not fail just now."""
        state = self._registry.outbox.state()
        return bool(state.waiting) and self._registry.now() - state.failed_at >= RETRY_AFTER_S

    def deliver(self, patience: Patience) -> Delivery:
        """Deliver all that waits, as far as it gets in the time. Nothing happens while another process does so.

        Raises:
            Unavailable: The registry cannot be used.
        """
        try:
            lease = self._registry.leases.acquire(SCOPE, self._owner, _LEASE_S, time.time())
        except LeaseHeld:
            return Delivery()
        try:
            return self._deliver(lease, patience)
        finally:
            self._registry.leases.release(lease)

    def close(self) -> None:
        """Close the connections."""
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def _deliver(self, lease: Lease, patience: Patience) -> Delivery:
        outbox, delivered = self._registry.outbox, 0
        while letters := outbox.waiting(BATCH):
            lease = self._registry.leases.renew(lease, patience.seconds + _LEASE_S, time.time())
            try:
                sent = self._opened().send(letters, patience)
            except FlotillaError as error:
                return self._failed(delivered, error)
            if sent.delivered:
                outbox.settle(sent.delivered)
            delivered += len(sent.delivered)
            if sent.trouble is not None:
                return self._failed(delivered, sent.trouble)
        return Delivery(delivered)

    def _opened(self) -> KafkaSender:
        if self._sender is None:
            self._sender = KafkaSender(self._access())
        return self._sender

    def _failed(self, delivered: int, error: FlotillaError) -> Delivery:
        self.close()
        self._registry.outbox.failed(f"{error.reason}: {error}")
        return Delivery(delivered, error)


def courier_for(registry: Registry, block: str) -> Courier:
    """A courier to the Kafka cluster of a block, which is read when the first event goes out."""
    return Courier(registry, lambda: BlockVault().kafka(block))
