"""A component's Deployment, as a manifest."""

from __future__ import annotations

from typing import Any

from clients.kubernetes.api import Object as Manifest
from federation.spec.application import Application, Component, Resources
from federation.spec.digests import component_digest
from federation.spec.marks import APPLICATION, COMPONENT, DIGEST, PARTS, cluster_id, labels
from providers.applications.render_namespace import REMOTE_CLUSTER_ID
from providers.applications.render_secrets import environment_secret, pull_secret
from providers.applications.stamps import stamped


def parts_of(component: Component) -> tuple[str, ...]:
    """Kinds of all objects of a component."""
    service = ("Service",) if component.ports else ()
    ingress = ("Ingress",) if any(is_web(port.expose, port.protocol) for port in component.ports) else ()
    return ("Deployment", *ingress, *service)


def is_web(expose: str, protocol: str) -> bool:
    """Whether a port is reached from outside through an ingress, which speaks HTTP only."""
    return expose == "public" and protocol == "TCP"


def component_meta(federation: str, application: Application, component: Component) -> dict[str, Any]:
    """Name, namespace and marks of every object of a component."""
    own = labels(federation, application=application.name, component=component.name)
    return {"name": component.name, "namespace": application.name, "labels": own}


def selector_of(application: Application, component: Component) -> dict[str, str]:
    """Labels by which Deployment and Service find the pods; they never change."""
    return {APPLICATION: application.name, COMPONENT: component.name}


def render_deployment(federation: str, application: Application, component: Component, home: str) -> Manifest:
    """The Deployment of a component, whose pods go to the cluster that it is placed on."""
    meta = component_meta(federation, application, component)
    annotations = {
        DIGEST: component_digest(federation, application, component, home),
        PARTS: ",".join(parts_of(component)),
    }
    pull = [{"name": pull_secret(application.registry_secret)}] if application.registry_secret else []
    pod = {"containers": [_container(component)], **_placement(federation, component, home)}
    return stamped(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {**meta, "annotations": annotations},
            "spec": {
                "replicas": component.replicas,
                "selector": {"matchLabels": selector_of(application, component)},
                "template": {
                    "metadata": {"labels": meta["labels"]},
                    "spec": pod | ({"imagePullSecrets": pull} if pull else {}),
                },
            },
        }
    )


def _placement(federation: str, component: Component, home: str) -> dict[str, Any]:
    """Onto the virtual node of another cluster, or onto real nodes only."""
    if component.placement.cluster != home:
        return {"nodeSelector": {REMOTE_CLUSTER_ID: cluster_id(federation, component.placement.cluster)}}
    real = {"key": "liqo.io/type", "operator": "NotIn", "values": ["virtual-node"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [real]}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


def _container(component: Component) -> dict[str, Any]:
    optional = {
        "command": list(component.command),
        "args": list(component.args),
        "env": _environment(component),
        "ports": _ports(component),
        "resources": _resources(component.resources),
    }
    return {"name": component.name, "image": component.image} | {key: value for key, value in optional.items() if value}


def _environment(component: Component) -> list[dict[str, Any]]:
    plain = [{"name": name, "value": value} for name, value in sorted(component.env.items())]
    secret = [
        {
            "name": name,
            "valueFrom": {"secretKeyRef": {"name": environment_secret(reference.secret), "key": reference.key}},
        }
        for name, reference in sorted(component.secret_env.items())
    ]
    return [*plain, *secret]


def _ports(component: Component) -> list[dict[str, Any]]:
    """Ports of the container; two ports of the service may lead to one of them."""
    targets = sorted({(port.target_port or port.port, port.protocol) for port in component.ports})
    return [
        {"name": f"{protocol.lower()}-{target}", "containerPort": target, "protocol": protocol}
        for target, protocol in targets
    ]


def _resources(resources: Resources | None) -> dict[str, Any]:
    """What a replica asks for is also what it may use at most."""
    amounts = resources.model_dump(exclude_none=True) if resources else {}
    return {"requests": amounts, "limits": amounts} if amounts else {}
