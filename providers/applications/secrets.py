"""Secrets of an application in the cluster: as the vault has them, and none that nobody names."""

from __future__ import annotations

from clients.kubernetes.apply import drifted, ensure_gone
from clients.kubernetes.readiness import readiness
from clients.kubernetes.resources import SECRET
from federation.spec.application import Application, Component
from federation.spec.marks import APPLICATION, PARTS
from providers.applications.names import WORKLOAD_KINDS
from providers.applications.ours import owned
from providers.applications.render_secrets import render_secrets, secret_names
from providers.contracts import Side, Vault


def ensure_secrets(home: Side, application: Application, component: Component, vault: Vault) -> None:
    """Make the secrets of one component, so that a missing one is the trouble of those alone that need it.

    Raises:
        SpecInvalid: A bundle has no such key.
        NotReadyYet, TerminalError: A bundle is not there.
    """
    client = home.kubernetes
    for manifest in render_secrets(home.federation, application, component, vault):
        live = client.get(SECRET, manifest["metadata"]["name"], application.name)
        if live is None or drifted(manifest, live) or live["data"].keys() != manifest["data"].keys():
            client.apply(manifest)


def prune_secrets(home: Side, application: Application) -> None:
    """Remove secrets that neither the spec nor a workload names any more; not while an update may still go back."""
    wanted = {name for component in application.components for name in secret_names(application, component)}
    found = owned(home, SECRET, application.name, {APPLICATION: application.name})
    extra = [each["metadata"]["name"] for each in found if each["metadata"]["name"] not in wanted]
    if not extra:
        return
    labels: dict[str, str | None] = {APPLICATION: application.name}
    workloads = [each for kind in WORKLOAD_KINDS for each in home.kubernetes.list(kind, application.name, labels)]
    named = ",".join(str((each["metadata"].get("annotations") or {}).get(PARTS, "")) for each in workloads).split(",")
    if all(readiness(each).ready for each in workloads):
        for name in extra:
            if f"Secret/{name}" not in named:
                ensure_gone(home.kubernetes, SECRET, name, application.name)
