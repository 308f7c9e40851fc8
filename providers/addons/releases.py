"""Helm releases of add-ons in the clusters of federations."""

from __future__ import annotations

import logging
from typing import Any

from clients.helm.client import WRITE_TIMEOUT_S, HelmClient
from clients.helm.release import Chart, ReleaseName
from clients.kubernetes.resources import SECRET
from federation.errors import NotReadyYet
from federation.spec.addon import AddOnDefinition
from providers.addons.rendering import Installation
from providers.contracts import Side, Vault

log = logging.getLogger(__name__)
_RELEASE_TRIPS = 300
"""Round trips of a large chart: Helm writes its objects one after the other."""


class Releases:
    """One release for each add-on, of its name and in its namespace.

    Args:
        helm: Shared by all clusters.
        vault: Gives the kubeconfig that Helm needs.
    """

    def __init__(self, helm: HelmClient, vault: Vault) -> None:
        self._helm = helm
        self._vault = vault

    def lay(self, side: Side, definition: AddOnDefinition, installation: Installation) -> None:
        """Make the release of exactly this chart and these values.

        Raises:
            SpecInvalid: The chart is unknown or refuses the values.
        """
        chart = _chart(installation)
        log.info("add-on %s of cluster %s: laying %s %s", definition.name, side.cluster, chart.name, chart.version)
        self._helm.upgrade_install(
            self._kubeconfig(side), release_of(definition), chart, installation.values, _limit_s(side)
        )

    def uninstall(self, side: Side, definition: AddOnDefinition) -> None:
        """Remove the release, finished or not."""
        self._helm.uninstall(self._kubeconfig(side), release_of(definition), _limit_s(side))

    def definitions(self, installation: Installation) -> list[dict[str, Any]]:
        """The CustomResourceDefinitions that lie in the chart's ``crds`` folder."""
        return self._helm.definitions(_chart(installation))

    def _kubeconfig(self, side: Side) -> str:
        found = self._vault.kubeconfig(side.federation, side.cluster)
        if found is None:
            raise NotReadyYet(f"no kubeconfig of cluster {side.cluster} is kept")
        return found


def is_released(side: Side, definition: AddOnDefinition) -> bool:
    """Whether Helm keeps anything of the release. Source: helm.sh, "Storage backends": Secrets."""
    owned = {"owner": "helm", "name": definition.name}
    return bool(side.kubernetes.list(SECRET, definition.namespace, labels=owned))


def release_of(definition: AddOnDefinition) -> ReleaseName:
    """Where the release is."""
    return ReleaseName(definition.name, definition.namespace)


def _chart(installation: Installation) -> Chart:
    return Chart(installation.chart, installation.version, installation.repository)


def _limit_s(side: Side) -> float:
    return side.kubernetes.round_trip.allow(WRITE_TIMEOUT_S, _RELEASE_TRIPS)
