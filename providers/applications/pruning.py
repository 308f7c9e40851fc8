"""What a component no longer needs is removed once nothing runs any more that does."""

from __future__ import annotations

from collections.abc import Collection

from clients.kubernetes.apply import ensure_gone
from clients.kubernetes.resources import CONFIG_MAP, INGRESS, SERVICE, SERVICE_ACCOUNT
from providers.applications.claims import prune_claims
from providers.applications.ours import owned
from providers.applications.render_workload import parts_of
from providers.applications.secrets import prune_secrets
from providers.applications.work import Work

_PRUNED = (INGRESS, SERVICE, CONFIG_MAP, SERVICE_ACCOUNT)


def settle(work: Work) -> None:
    """Remove what the component does not have by its spec."""
    prune_parts(work, parts_of(work.application, work.component))
    prune_claims(work.home, work.application, work.component)
    prune_secrets(work)


def prune_parts(work: Work, kept: Collection[str]) -> None:
    """Remove objects of the component, but for those that are named as kind and name."""
    for kind in _PRUNED:
        for each in owned(work.home, kind, work.namespace, work.selector):
            if f"{kind.kind}/{each['metadata']['name']}" not in kept:
                ensure_gone(work.client, kind, each["metadata"]["name"], work.namespace)
