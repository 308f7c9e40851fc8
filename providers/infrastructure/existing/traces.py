"""Everything in a cluster that carries a federation's mark."""

from __future__ import annotations

from collections.abc import Iterator

from clients.kubernetes.api import KubernetesClient, Object
from clients.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, INGRESS, KNOWN, NAMESPACE, SECRET, SERVICE, Kind
from federation.spec.marks import FEDERATION
from providers.contracts import Leftover

_FOREIGN_GROUPS = (".liqo.io/", "metallb.io/")
_KINDS = (
    NAMESPACE,
    DEPLOYMENT,
    SERVICE,
    INGRESS,
    SECRET,
    CONFIG_MAP,
    *(kind for kind in KNOWN if any(group in kind.api_version for group in _FOREIGN_GROUPS)),
)
"""Every kind of object that we make by ourselves."""


def traces(client: KubernetesClient, federation: str, place: str) -> tuple[Leftover, ...]:
    """Objects with the mark, without those in a namespace that has it, too: they go with the namespace.

    Args:
        client: Client of the cluster.
        federation: Name of the federation.
        place: What the cluster is called in the report.
    """
    found = [(kind, each) for kind in _KINDS for each in client.list(kind, labels={FEDERATION: federation})]
    ours = {each["metadata"]["name"] for kind, each in found if kind == NAMESPACE}
    return tuple(_told(kind, each, place) for kind, each in found if each["metadata"].get("namespace") not in ours)


def _told(kind: Kind, found: Object, place: str) -> Leftover:
    meta = found["metadata"]
    return Leftover(
        kind.kind, "/".join(_path(found)), meta["uid"], place, f"kubectl delete {' '.join(_words(kind, found))}"
    )


def _path(found: Object) -> Iterator[str]:
    if "namespace" in found["metadata"]:
        yield found["metadata"]["namespace"]
    yield found["metadata"]["name"]


def _words(kind: Kind, found: Object) -> Iterator[str]:
    group = kind.api_version.rpartition("/")[0]
    yield ".".join(filter(None, (KNOWN[kind].plural, group)))
    yield found["metadata"]["name"]
    if "namespace" in found["metadata"]:
        yield f"--namespace={found['metadata']['namespace']}"
