"""Liqo as an interconnect: the contract's steps, each by its module."""

from __future__ import annotations

from federation.spec.peering import Peering, PeeringKey
from federation.state.observed import ObservedDirection
from providers.contracts import Progress, Side
from providers.interconnect.liqo import authentication, leaving, networking, observing, offloading, probing
from providers.patience import patient


class LiqoInterconnect:
    """Peerings by Liqo v1.2. Holds no state: every step reads the clusters.

    The add-on must have been installed with the cluster id of ``marks.cluster_id``.
    """

    def observe(self, side: Side) -> tuple[ObservedDirection, ...]:
        """Every direction that the cluster shows, from leaf objects."""
        return observing.observe(side)

    def connect(self, first: Side, second: Side, peering: Peering) -> Progress:
        """The tunnel; done when both ends say connected."""
        return patient(lambda: networking.connect(first, second, peering))

    def authenticate(self, consumer: Side, provider: Side, peering: Peering) -> Progress:
        """Tenant on the provider, identity on the consumer."""
        return patient(lambda: authentication.authenticate(consumer, provider, peering))

    def acquire(self, consumer: Side, provider: Side, peering: Peering) -> Progress:  # noqa: ARG002  # contract
        """Resources of the provider as a ready virtual node of the consumer."""
        return patient(lambda: offloading.acquire(consumer, provider))

    def probe(self, consumer: Side, key: PeeringKey, peering: Peering) -> Progress:
        """Pods that call from the consumer to the provider; done with their first answer."""
        return patient(lambda: probing.probe(consumer, key, peering))

    def remove_probe(self, consumer: Side, key: PeeringKey) -> Progress:
        """Remove what ``probe`` made."""
        return patient(lambda: probing.remove_probe(consumer, key))

    def release(self, consumer: Side, provider: Side | None, names: tuple[str, str]) -> Progress:
        """Give the resources back; done when the virtual node is gone."""
        return patient(lambda: leaving.release(consumer, provider, names))

    def revoke(self, consumer: Side | None, provider: Side | None, names: tuple[str, str]) -> Progress:
        """Remove identity and tenant on every side that answers; without a provider, the resources too."""
        return patient(lambda: leaving.revoke(consumer, provider, names))

    def disconnect(self, first: Side | None, second: Side | None, names: tuple[str, str]) -> Progress:
        """Remove tunnel, tenant namespaces and Liqo's record of the peer on every side that answers."""
        return patient(lambda: leaving.disconnect(first, second, names))
