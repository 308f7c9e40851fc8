"""The contract's steps for applications, each by its module."""

from __future__ import annotations

from federation.spec.application import Application, Component
from federation.state.observed import ObservedApplication
from providers.applications import namespaces, observing, removal, workloads
from providers.applications.work import Work
from providers.contracts import Done, Progress, Side, Vault
from providers.patience import patient


class OffloadedApplications:
    """Applications in one namespace of their home cluster, which Liqo extends over the other clusters.

    Args:
        vault: Gives the values of secrets and the logins of registries.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def observe(self, side: Side) -> tuple[ObservedApplication, ...]:
        """Every application whose home is this cluster."""
        return observing.observe(side)

    def ensure_namespace(self, home: Side, application: Application) -> Progress:
        """Namespace, and its offloading to the other clusters that components are placed on."""
        return patient(lambda: namespaces.ensure_namespace(home, application))

    def deploy(self, home: Side, application: Application, component: Component) -> Progress:
        """Workload and all that belongs to it; done when all replicas are available, or a job has ended.

        When that ends a move, the namespace is taken back from clusters that no component uses any more.
        """

        def step() -> Progress:
            progress = workloads.deploy(Work(home, application, component, self._vault))
            if isinstance(progress, Done) and not namespaces.is_settled(home, application):
                settled = namespaces.ensure_namespace(home, application)
                return progress if isinstance(settled, Done) else settled
            return progress

        return patient(step)

    def delete_component(self, home: Side, application: str, component: str) -> Progress:
        """Remove a component; done when its objects are gone."""
        return patient(lambda: workloads.delete_component(home, application, component))

    def delete_application(self, home: Side, application: str) -> Progress:
        """Unoffload, then remove the namespace; done when both are gone. Objects of others stay, on every side."""
        return patient(lambda: removal.delete_application(home, application))
