"""What controllers need to know of the world beyond their own cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from sandbox.kubernetes.api import Api


class Member(Protocol):
    """One cluster of the fleet, as its own and other clusters' controllers see it."""

    name: str
    uid: str
    api: Api
    service_cidr: str
    pod_cidr: str
    pod_log: Callable[[str, str, str], str] | None

    def ca_pem(self) -> str:
        """The certificate of the cluster's authority, PEM."""

    def sign_client(self, csr_pem: str, user: str, groups: list[str]) -> str:
        """Issue a client certificate (PEM) for the public key in a request; the user becomes the common name."""


class Fleet(Protocol):
    """All clusters and the links between them. Nothing here blocks."""

    def members(self) -> Iterable[Member]:
        """Every cluster that exists, serving or not."""

    def by_url(self, url: str) -> Member | None:
        """The cluster whose API listens at this URL; None when nothing does."""

    def serving(self, uid: str) -> bool:
        """Whether the API of the cluster with this uid answers at all (its control plane is up)."""

    def connected(self, a: str, b: str) -> bool:
        """Whether packets pass between two clusters, by their uids."""

    def carries(self, a: str, b: str) -> bool:
        """Whether a tunnel between two clusters that stands carries what pods send through it."""

    def latency_ms(self, a: str, b: str) -> float:
        """Round trip between two clusters in milliseconds."""

    def lag_s(self, a: str, b: str) -> float:
        """Seconds until one cluster hears of a change in another."""

    def node_addresses(self, cluster: str, node: str) -> Iterable[str]:
        """Addresses that lead to a node of a cluster (by uid) besides those in its status, such as floating IPs."""

    def delay(self, name: str) -> float:
        """Seconds that the named thing takes."""

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back whenever clusters come, go, stop or start, or a link changes; returns the way to stop it."""
