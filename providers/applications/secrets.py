"""Secrets of an application in the cluster: as the vault has them, and none that nobody names."""

from __future__ import annotations

from clients.kubernetes.apply import drifted, ensure_gone
from clients.kubernetes.resources import SECRET
from federation.spec.marks import APPLICATION
from providers.applications.names import WORKLOAD_KINDS, parts_in
from providers.applications.ours import owned
from providers.applications.render_secrets import render_secrets, secret_names
from providers.applications.rollback import is_rolled_out
from providers.applications.work import Work


def ensure_secrets(work: Work) -> None:
    """Make the secrets of one component, so that a missing one is the trouble of those alone that need it.

    Keys that were there stay as long as pods of a former spec may need them.

    Raises:
        SpecInvalid: A bundle has no such key.
        NotReadyYet, TerminalError: A bundle is not there.
    """
    for manifest in render_secrets(*work.spec, work.vault):
        live = work.client.get(SECRET, manifest["metadata"]["name"], work.namespace)
        if live is None or drifted(manifest, live):
            former = (live or {}).get("data") or {}
            work.client.apply({**manifest, "data": {**former, **manifest["data"]}})


def prune_secrets(work: Work) -> None:
    """Remove what nobody names any more: keys, and whole secrets unless an update may still go back to them."""
    for manifest in render_secrets(*work.spec, work.vault):
        live = work.client.get(SECRET, manifest["metadata"]["name"], work.namespace)
        if live is not None and live["data"].keys() != manifest["data"].keys():
            work.client.apply(manifest)
    wanted = {name for each in work.application.components for name in secret_names(work.application, each)}
    found = owned(work.home, SECRET, work.namespace, {APPLICATION: work.namespace})
    extra = [each["metadata"]["name"] for each in found if each["metadata"]["name"] not in wanted]
    named = _named(work) if extra else frozenset[str]()
    for name in extra:
        if f"Secret/{name}" not in named and "*" not in named:
            ensure_gone(work.client, SECRET, name, work.namespace)


def _named(work: Work) -> frozenset[str]:
    """What live workloads need; an asterisk while one of them changes."""
    labels: dict[str, str | None] = {APPLICATION: work.namespace}
    workloads = [each for kind in WORKLOAD_KINDS for each in work.client.list(kind, work.namespace, labels)]
    changing = {"*"} if any(not is_rolled_out(each) for each in workloads) else set()
    return frozenset(changing.union(*(parts_in(each) for each in workloads)))
