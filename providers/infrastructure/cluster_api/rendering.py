"""The objects of a cluster, made from its spec."""

from __future__ import annotations

import base64
from typing import Any

import yaml

from clients.kubernetes.resources import NAMESPACE
from federation.spec import marks
from federation.spec.cluster import NODE_PORTS, WorkerPool
from federation.spec.machines import CONTROL_PLANE_POOL
from providers.contracts import OpenStackCredentials
from providers.infrastructure.cluster_api.bootstrap import provider_for
from providers.infrastructure.cluster_api.kinds import CLUSTER, DEPLOYMENT, MACHINE_TEMPLATE, OPENSTACK_CLUSTER
from providers.infrastructure.cluster_api.place import (
    CLUSTER_NAME,
    DEPLOYMENT_NAME,
    Json,
    Place,
    reference,
)

CLOUD = "openstack"
"""Name of the cloud in clouds.yaml."""


def render(place: Place, credentials: OpenStackCredentials) -> list[Json]:
    """Everything that is applied, in its order: what refers to another object comes after it."""
    bootstrap = provider_for(place.cluster)
    machines = _machines(place, CONTROL_PLANE_POOL, place.cluster.control_plane.flavor)
    spec = bootstrap.render_control_plane(place, machines)
    control_plane = place.object(bootstrap.control_plane, place.control_plane, spec, CONTROL_PLANE_POOL)
    infrastructure = place.object(OPENSTACK_CLUSTER, place.name, _infrastructure(place))
    pools = [obj for pool in place.cluster.workers for obj in _pool(place, pool)]
    whole = place.object(CLUSTER, place.name, _cluster(place, infrastructure, control_plane))
    first = [_namespace(place), render_credentials(place, credentials), machines]
    return [*first, infrastructure, control_plane, *pools, whole]


def _namespace(place: Place) -> Json:
    meta = {"name": place.namespace, "labels": place.labels()}
    return {"apiVersion": NAMESPACE.api_version, "kind": NAMESPACE.kind, "metadata": meta}


def _cluster(place: Place, infrastructure: Json, control_plane: Json) -> Json:
    network = place.cluster.network
    return {
        "clusterNetwork": {
            "pods": {"cidrBlocks": [str(network.pod_cidr)]},
            "services": {"cidrBlocks": [str(network.service_cidr)]},
            "serviceDomain": "cluster.local",
        },
        "infrastructureRef": reference(infrastructure),
        "controlPlaneRef": reference(control_plane),
    }


def _infrastructure(place: Place) -> Json:
    """Nodes reach one another at every port; node ports are open to all, as those of other clusters of ours are.

    The tags are our marks: what is left in the cloud is found by them.
    """
    asked = place.asked
    subnet: Json = {"cidr": str(asked.node_cidr)}
    if asked.dns_nameservers:
        subnet["dnsNameservers"] = [str(address) for address in asked.dns_nameservers]
    return {
        "identityRef": {"type": "Secret", "name": place.cloud_secret, "cloudName": CLOUD},
        "externalNetwork": {"filter": {"name": asked.external_network}},
        "managedSubnets": [subnet],
        "managedSecurityGroups": {
            "allowAllInClusterTraffic": True,
            "controlPlaneNodesSecurityGroupRules": [_node_ports(protocol) for protocol in ("tcp", "udp")],
        },
        "apiServerLoadBalancer": {"enabled": place.cluster.balanced},
        "tags": [marks.federation_tag(place.federation), marks.cluster_tag(place.cluster.name)],
    }


def _node_ports(protocol: str) -> Json:
    low, high = NODE_PORTS
    return {
        "name": f"node-ports-{protocol}",
        "direction": "ingress",
        "etherType": "IPv4",
        "protocol": protocol,
        "portRangeMin": low,
        "portRangeMax": high,
        "remoteIPPrefix": "0.0.0.0/0",
    }


def _machines(place: Place, pool: str, flavor: str | None) -> Json:
    spec = {"flavor": flavor, "image": {"filter": {"name": place.asked.image}}}
    return place.template(MACHINE_TEMPLATE, pool, spec)


def _pool(place: Place, pool: WorkerPool) -> list[Json]:
    bootstrap = provider_for(place.cluster)
    machines = _machines(place, pool.name, pool.flavor)
    config = place.template(bootstrap.template, pool.name, bootstrap.render_worker(place, pool))
    name = place.pool(pool.name)
    chosen = {CLUSTER_NAME: place.name, DEPLOYMENT_NAME: name}
    machine = {
        "clusterName": place.name,
        "version": place.cluster.built_with.version,
        "bootstrap": {"configRef": reference(config)},
        "infrastructureRef": reference(machines),
    }
    spec = {
        "clusterName": place.name,
        "replicas": pool.count,
        "selector": {"matchLabels": chosen},
        "template": {"metadata": {"labels": {**place.labels(pool.name), **chosen}}, "spec": machine},
    }
    return [machines, config, place.object(DEPLOYMENT, name, spec, pool.name)]


def render_credentials(place: Place, credentials: OpenStackCredentials) -> Json:
    """The secret with clouds.yaml.

    Source: docs/book/src/clusteropenstack/configuration.md of cluster-api-provider-openstack, "OpenStack credential".
    """
    data = {"clouds.yaml": yaml.safe_dump({"clouds": {CLOUD: _cloud(credentials)}})}
    if credentials.ca_certificate:
        data["cacert"] = credentials.ca_certificate
    labels = {**place.labels(), "clusterctl.cluster.x-k8s.io/move": "true"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": place.cloud_secret, "namespace": place.namespace, "labels": labels},
        "type": "Opaque",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }


def _cloud(credentials: OpenStackCredentials) -> dict[str, Any]:
    by_application = credentials.application_credential_id is not None
    names = (
        ("application_credential_id", "application_credential_secret")
        if by_application
        else ("username", "password", "project_name", "user_domain_name", "project_domain_name")
    )
    auth = {"auth_url": credentials.auth_url, **{name: getattr(credentials, name) for name in names}}
    region = {"region_name": credentials.region} if credentials.region else {}
    kind = {"auth_type": "v3applicationcredential"} if by_application else {}
    return {"auth": auth, "identity_api_version": 3, **region, **kind}
