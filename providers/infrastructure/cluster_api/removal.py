"""Removing a cluster: Cluster API takes it apart, then goes what only we know of."""

from __future__ import annotations

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.apply import ensure_gone
from clients.kubernetes.resources import NAMESPACE, SECRET, Kind
from federation.errors import Rejected
from providers.contracts import Done, Leftover, Progress, Waiting
from providers.infrastructure.cluster_api.kinds import CLUSTER, DEPLOYMENT
from providers.infrastructure.cluster_api.place import DEPLOYMENT_NAME, Json, Place
from providers.infrastructure.cluster_api.progress import conditions
from providers.infrastructure.cluster_api.showing import Shown, is_ours, read


def check_ours(shown: Shown, place: Place) -> None:
    """See that nobody else owns what has the cluster's names.

    Raises:
        Rejected: Somebody does; reason NotOurs.
    """
    for obj in (shown.namespace, shown.whole):
        if obj is not None and not is_ours(obj, place):
            name = f"{obj['kind']} {obj['metadata']['name']}"
            raise Rejected(f"{name} in the management cluster is there and carries no mark of ours", reason="NotOurs")


def remove(client: KubernetesClient, place: Place) -> Progress:
    """Delete the Cluster and wait until its machines and networks are gone; then templates, credentials, namespace.

    The credentials go last of all: with them Cluster API removes what is in the cloud.

    Raises:
        Rejected: It is not ours.
    """
    shown = read(client, place)
    check_ours(shown, place)
    if shown.namespace is None:
        return Done("nothing is left of it")
    if shown.whole is not None:
        ensure_gone(client, CLUSTER, place.name, place.namespace)
        return Waiting(_what_goes(shown))
    if shown.infrastructure is not None or shown.machines:
        return Waiting("machines and networks to go")
    ours = (shown.control_plane, *shown.deployments, *shown.templates)
    gone = [ensure_gone(client, Kind.of(each), _name(each), place.namespace) for each in ours if each is not None]
    gone.append(ensure_gone(client, SECRET, place.cloud_secret, place.namespace))
    if not all(gone):
        return Waiting("templates and credentials to go")
    if not ensure_gone(client, NAMESPACE, place.namespace):
        return Waiting(f"namespace {place.namespace} to go")
    return Done("nothing is left of it")


def _what_goes(shown: Shown) -> str:
    """Names of what is still there; Cluster API's own words where it has some."""
    told = [each.message for each in conditions(shown.whole, ("Deleting",)) if each.status == "True" and each.message]
    names = ", ".join(sorted(_name(machine) for machine in shown.machines)) or "the network"
    return told[0] if told else f"{names} to go"


def remove_pool(client: KubernetesClient, place: Place, pool: str) -> Progress:
    """Delete a pool of workers with its machines."""
    gone = ensure_gone(client, DEPLOYMENT, place.pool(pool), place.namespace)
    machines = [each for each in read(client, place).machines if _pool_of(each) == place.pool(pool)]
    if gone and not machines:
        return Done("gone")
    return Waiting(f"{', '.join(map(_name, machines)) or 'the pool'} to go")


def _pool_of(machine: Json) -> str:
    found: str = (machine["metadata"].get("labels") or {}).get(DEPLOYMENT_NAME, "")
    return found


def _name(obj: Json) -> str:
    name: str = obj["metadata"]["name"]
    return name


def leftovers(client: KubernetesClient, place: Place) -> tuple[Leftover, ...]:
    """What of the cluster is in its management cluster: the Cluster, and the namespace that holds everything else."""
    shown = read(client, place)
    there = f"management cluster {place.asked.management}"
    found = []
    if shown.whole is not None and is_ours(shown.whole, place):
        command = f"kubectl delete cluster.cluster.x-k8s.io {place.name} --namespace={place.namespace}"
        found.append(Leftover("Cluster", f"{place.namespace}/{place.name}", _uid(shown.whole), there, command))
    if shown.namespace is not None and is_ours(shown.namespace, place):
        command = f"kubectl delete namespace {place.namespace}, once there is no Cluster in it"
        found.append(Leftover("Namespace", place.namespace, _uid(shown.namespace), there, command))
    return tuple(found)


def _uid(obj: Json) -> str:
    uid: str = obj["metadata"]["uid"]
    return uid
