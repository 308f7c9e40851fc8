"""An application's namespace and its offloading, as manifests."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from clients.kubernetes.api import Object as Manifest
from federation.spec.application import Application
from federation.spec.marks import CLUSTERS, DIGEST, KINDS, labels
from providers.applications.stamps import stamped
from providers.offloading import NAMESPACE_OFFLOADING, OFFLOADING_NAME, SCHEDULING, offloading_spec


def render_namespace(
    federation: str,
    application: Application,
    clusters: AbstractSet[str],
    digest: str | None,
    former_kinds: AbstractSet[str] = frozenset(),
) -> Manifest:
    """The namespace of an application.

    Args:
        federation: Name of the federation.
        application: The application.
        clusters: Where it is offloaded to.
        digest: Tells that all of it is done; None while it is not.
        former_kinds: Kinds of workloads that were in it: until it goes, somebody has to look for them.
    """
    owner = {"owner": application.owner} if application.owner else {}
    own = labels(federation, application=application.name, **owner)
    scheduling = {SCHEDULING: "true"} if clusters else {}
    kinds = {component.workload for component in application.components} | former_kinds
    annotations = {CLUSTERS: ",".join(sorted(clusters)), KINDS: ",".join(sorted(kinds))} | (
        {DIGEST: digest} if digest else {}
    )
    meta = {"name": application.name, "labels": own | scheduling, "annotations": annotations}
    return stamped({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})


def render_offloading(federation: str, application: Application, clusters: AbstractSet[str]) -> Manifest:
    """The namespace under the same name on every one of ``clusters``; its pods may run here and there."""
    return stamped(
        {
            "apiVersion": NAMESPACE_OFFLOADING.api_version,
            "kind": NAMESPACE_OFFLOADING.kind,
            "metadata": {
                "name": OFFLOADING_NAME,
                "namespace": application.name,
                "labels": labels(federation, application=application.name),
            },
            "spec": offloading_spec(federation, clusters),
        }
    )
