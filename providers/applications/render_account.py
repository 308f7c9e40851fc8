"""The account under which a component's pods speak to their cluster's API."""

from __future__ import annotations

from clients.kubernetes.api import Object as Manifest
from federation.spec.application import Application, Component
from providers.applications.names import component_meta
from providers.applications.stamps import stamped


def render_account(federation: str, application: Application, component: Component) -> Manifest | None:
    """A component's own account; None when it has none, or uses one that others made."""
    account = component.service_account
    if account is None or account.name is not None:
        return None
    meta = component_meta(federation, application, component)
    notes = {"annotations": dict(account.annotations)} if account.annotations else {}
    return stamped(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": meta | notes,
            "automountServiceAccountToken": account.automount,
        }
    )
