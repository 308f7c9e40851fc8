"""What a management cluster shows of one cluster, read once and compared with what is asked for."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.apply import drifted
from clients.kubernetes.resources import NAMESPACE, SECRET, Kind
from federation.spec import marks
from providers.infrastructure.cluster_api.bootstrap import provider_for
from providers.infrastructure.cluster_api.kinds import (
    CLUSTER,
    DEPLOYMENT,
    MACHINE,
    MACHINE_TEMPLATE,
    OPENSTACK_CLUSTER,
)
from providers.infrastructure.cluster_api.place import CLUSTER_NAME, Json, Place


@dataclass(frozen=True)
class Shown:
    """Objects of one cluster; None or empty where there is none.

    Attributes:
        whole: The Cluster.
        templates: Templates of machines and of workers' configurations that carry our mark.
        machines: Every machine, whoever made it, by name.
    """

    namespace: Json | None = None
    credentials: Json | None = None
    kubeconfig: str | None = None
    whole: Json | None = None
    infrastructure: Json | None = None
    control_plane: Json | None = None
    deployments: tuple[Json, ...] = ()
    templates: tuple[Json, ...] = ()
    machines: tuple[Json, ...] = ()

    def of(self, wanted: Json) -> Json | None:
        """The object that stands where a wanted one should."""
        alone = (self.namespace, self.credentials, self.whole, self.infrastructure, self.control_plane)
        there = [*(each for each in alone if each), *self.deployments, *self.templates]
        return next((each for each in there if _path(each) == _path(wanted)), None)

    def stale(self, wanted: Iterable[Json]) -> list[Json]:
        """Templates that nothing of what is wanted refers to."""
        used = {_path(each) for each in wanted}
        return [each for each in self.templates if _path(each) not in used]


def _path(obj: Json) -> tuple[Kind, str]:
    return Kind.of(obj), obj["metadata"]["name"]


def read(client: KubernetesClient, place: Place) -> Shown:
    """Read everything of a cluster; one request when nothing is there."""
    namespace = client.get(NAMESPACE, place.namespace)
    if namespace is None:
        return Shown()
    bootstrap, own = provider_for(place.cluster), place.labels()
    kubeconfig = client.get(SECRET, place.kubeconfig_secret, place.namespace)
    return Shown(
        namespace=namespace,
        credentials=client.get(SECRET, place.cloud_secret, place.namespace),
        kubeconfig=_value(kubeconfig) if kubeconfig else None,
        whole=client.get(CLUSTER, place.name, place.namespace),
        infrastructure=client.get(OPENSTACK_CLUSTER, place.name, place.namespace),
        control_plane=client.get(bootstrap.control_plane, place.control_plane, place.namespace),
        deployments=tuple(client.list(DEPLOYMENT, place.namespace, own)),
        templates=tuple(
            each for kind in (MACHINE_TEMPLATE, bootstrap.template) for each in client.list(kind, place.namespace, own)
        ),
        machines=tuple(client.list(MACHINE, place.namespace, {CLUSTER_NAME: place.name})),
    )


def _value(secret: Json) -> str | None:
    """Source: the contract of Cluster API, "Cluster: kubeconfig management"."""
    encoded = (secret.get("data") or {}).get("value")
    return base64.b64decode(encoded).decode() if encoded else None


def differences(shown: Shown, wanted: Iterable[Json]) -> Iterator[str]:
    """What is missing or not as asked for, one at a time; values of secrets are not told."""
    for each in wanted:
        live = shown.of(each)
        name = f"{each['kind']} {each['metadata']['name']}"
        if live is None:
            yield f"{name} is missing"
        elif drifted(each, live):
            yield f"{name} differs from the spec"


def is_ours(obj: Json, place: Place) -> bool:
    """Whether an object carries the mark of the cluster."""
    labels = obj["metadata"].get("labels") or {}
    return (labels.get(marks.FEDERATION), labels.get(marks.CLUSTER)) == (place.federation, place.cluster.name)
