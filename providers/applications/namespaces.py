"""An application's namespace, and its offloading to other clusters."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from clients.kubernetes.apply import applied, ensure_gone
from clients.kubernetes.resources import NAMESPACE
from federation.errors import Rejected
from federation.spec.application import Application
from federation.spec.digests import offloading_digest, remote_clusters
from federation.spec.marks import APPLICATION, DIGEST, FEDERATION, KINDS, RETAIN
from providers.applications.leaving import leave, offloaded_to
from providers.applications.render_namespace import (
    render_namespace,
    render_offloading,
)
from providers.contracts import Done, Progress, Side, Waiting
from providers.offloading import NAMESPACE_OFFLOADING, OFFLOADING_NAME, SCHEDULING

Object = Mapping[str, Any]


def ensure_namespace(home: Side, application: Application) -> Progress:
    """Namespace and offloading; the digest is written last, when all of it is there.

    A cluster that pods still run on stays among the offloaded ones until they have moved: only then does a later call
    take the namespace back from it. So does one that does not answer.

    Raises:
        Rejected: The namespace belongs to somebody else.
    """
    live = home.kubernetes.get(NAMESPACE, application.name)
    _check_owner(home, application, live)
    wanted = remote_clusters(application, home.cluster)
    left = leave(home, application.name, offloaded_to(live) - wanted)
    clusters = wanted | {each.cluster for each in left if each.held}
    digest = offloading_digest(home.federation, application, home.cluster)
    kinds = frozenset(filter(None, (_annotation(live, KINDS) or "").split(",")))
    kept = digest if clusters == wanted and _annotation(live, DIGEST) == digest else None
    applied(home.kubernetes, render_namespace(home.federation, application, clusters, kept, kinds))
    missing = _offload(home, application, clusters) if clusters else _unoffload(home, application.name)
    held = ", ".join(f"{each.cluster}, {each.held}" for each in left if each.held)
    if missing or any(each.passing for each in left):
        return Waiting(missing or f"still offloaded to {held}")
    if held:
        return Done(f"still offloaded to {held}")
    applied(home.kubernetes, render_namespace(home.federation, application, clusters, digest, kinds))
    return Done("; ".join([f"namespace {application.name}", *(each.note for each in left if each.note)]))


def is_settled(home: Side, application: Application) -> bool:
    """Whether the namespace is offloaded to exactly the clusters that the application asks for, and all is done."""
    live = home.kubernetes.get(NAMESPACE, application.name)
    return _annotation(live, DIGEST) == offloading_digest(home.federation, application, home.cluster)


def offloading_trouble(live: Object | None) -> str:
    """What is missing until Liqo has offloaded the namespace, for the current generation; empty when nothing is."""
    if live is None:
        return "the namespace is not offloaded"
    status = live.get("status") or {}
    if status.get("observedGeneration", 0) < live["metadata"].get("generation", 1):
        return "Liqo has not seen the offloading yet"
    phase = status.get("offloadingPhase") or "Unknown"
    if phase == "Ready":
        return ""
    failing = sorted(_failing(status.get("remoteNamespacesConditions") or {}))
    return f"the offloading is {phase}" + (f" ({', '.join(failing)})" if failing else "")


def _failing(conditions: Mapping[str, Any]) -> set[str]:
    return {
        f"{cluster}: {condition.get('reason', condition.get('type'))}"
        for cluster, each in conditions.items()
        for condition in each or ()
        if condition.get("type") == "Ready" and condition.get("status") != "True"
    }


def _check_owner(home: Side, application: Application, live: Object | None) -> None:
    marks = (live["metadata"].get("labels") or {}) if live else {}
    ours = marks.get(FEDERATION) == home.federation and marks.get(APPLICATION) == application.name
    if live is not None and not ours and marks.get(RETAIN) != home.federation:
        raise Rejected(
            f"namespace {application.name} of {home.cluster} belongs to somebody else; rename the application, or hand "
            f"it over: kubectl label namespace {application.name} {FEDERATION}={home.federation} "
            f"{APPLICATION}={application.name}"
        )


def _annotation(live: Object | None, key: str) -> str | None:
    return (live["metadata"].get("annotations") or {}).get(key) if live else None


def _offload(home: Side, application: Application, clusters: AbstractSet[str]) -> str:
    live, _ = applied(home.kubernetes, render_offloading(home.federation, application, clusters))
    return offloading_trouble(live)


def _unoffload(home: Side, application: str) -> str:
    """Take the namespace back from all clusters, and the label that lets pods go there."""
    if not ensure_gone(home.kubernetes, NAMESPACE_OFFLOADING, OFFLOADING_NAME, application):
        return "the namespace is being taken back from other clusters"
    live = home.kubernetes.get(NAMESPACE, application)
    if live is not None and SCHEDULING in (live["metadata"].get("labels") or {}):
        home.kubernetes.merge_patch(NAMESPACE, application, {"metadata": {"labels": {SCHEDULING: None}}})
    return ""
