"""What an infrastructure offers beside machines: an endpoint of the API that outlives each of them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from providers.contracts import ClusterTarget


@runtime_checkable
class KeepsEndpoints(Protocol):
    """An infrastructure whose clusters may have an endpoint that outlives each of their machines."""

    def endpoint(self, cluster: ClusterTarget) -> str:
        """Host of the endpoint that the cluster asks for. Raises NotReadyYet while it has no address."""
