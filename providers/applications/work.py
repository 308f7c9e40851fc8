"""One component to deploy, with all that this takes."""

from __future__ import annotations

from dataclasses import dataclass

from clients.kubernetes.api import KubernetesClient
from federation.spec.application import Application, Component
from providers.applications.names import selector_of
from providers.contracts import Side, Vault


@dataclass(frozen=True)
class Work:
    """A component of an application, where it is at home, and who gives the values of its secrets."""

    home: Side
    application: Application
    component: Component
    vault: Vault

    @property
    def client(self) -> KubernetesClient:
        """Client of the home cluster."""
        return self.home.kubernetes

    @property
    def namespace(self) -> str:
        """Namespace of all its objects."""
        return self.application.name

    @property
    def spec(self) -> tuple[str, Application, Component]:
        """What objects are rendered from: federation, application, component."""
        return self.home.federation, self.application, self.component

    @property
    def selector(self) -> dict[str, str]:
        """Labels of all its objects."""
        return selector_of(self.application, self.component)
