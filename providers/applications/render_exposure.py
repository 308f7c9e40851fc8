"""How a component is reached: Service and Ingress, as manifests."""

from __future__ import annotations

from typing import Any

from clients.kubernetes.api import Object as Manifest
from federation.spec.application import Application, Component, ComponentPort
from federation.spec.digests import remote_clusters
from providers.applications.names import component_meta, selector_of
from providers.applications.render_secrets import tls_secret
from providers.applications.render_workload import is_web
from providers.applications.stamps import stamped

_ISSUER = "cert-manager.io/cluster-issuer"
"""Source: cert-manager.io, "Annotated Ingress resource"."""
_SKIP_REFLECTION = {"liqo.io/skip-reflection": "true"}


def render_service(federation: str, application: Application, component: Component, home: str) -> Manifest:
    """The Service of a component, under the component's name.

    Liqo brings it to every cluster of the application, so that the name works there too; not so when all ports are for
    the component's own cluster and that is the home.
    """
    meta = component_meta(federation, application, component)
    placed = component.placement.named or (home,)
    at_home = placed == (home,) and all(port.expose == "cluster" for port in component.ports)
    stays = at_home and bool(remote_clusters(application, home))
    return stamped(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta | ({"annotations": _SKIP_REFLECTION} if stays else {}),
            "spec": {
                "type": "ClusterIP",
                "selector": selector_of(application, component),
                "ports": [_service_port(port) for port in component.ports],
            },
        }
    )


def _service_port(port: ComponentPort) -> dict[str, Any]:
    return {
        "name": f"{port.protocol.lower()}-{port.port}",
        "port": port.port,
        "targetPort": port.target_port or port.port,
        "protocol": port.protocol,
    }


def render_ingress(federation: str, application: Application, component: Component, ingress_class: str) -> Manifest:
    """The Ingress of a component's public ports."""
    ports = [port for port in component.ports if is_web(port.expose, port.protocol)]
    hosts = dict.fromkeys(port.host for port in ports)
    rules = [_rule(host, component.name, [port for port in ports if port.host == host]) for host in hosts]
    tls = [*_given_certificates(ports), *_issued_certificates(component, ports)]
    issuer = next((port.issuer for port in ports if port.issuer), None)
    meta = component_meta(federation, application, component)
    return stamped(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": meta | ({"annotations": {_ISSUER: issuer}} if issuer else {}),
            "spec": {"ingressClassName": ingress_class, "rules": rules} | ({"tls": tls} if tls else {}),
        }
    )


def _given_certificates(ports: list[ComponentPort]) -> list[dict[str, Any]]:
    wanted = dict.fromkeys((port.tls, port.host) for port in ports)
    return [
        {"secretName": tls_secret(bundle)} | ({"hosts": [host]} if host else {}) for bundle, host in wanted if bundle
    ]


def _issued_certificates(component: Component, ports: list[ComponentPort]) -> list[dict[str, Any]]:
    """One certificate for all hosts, which cert-manager puts into a Secret of its own."""
    hosts = list(dict.fromkeys(port.host for port in ports if port.issuer))
    return [{"secretName": f"{component.name}-certificate", "hosts": hosts}] if hosts else []


def _rule(host: str | None, service: str, ports: list[ComponentPort]) -> dict[str, Any]:
    paths = [
        {
            "path": port.path,
            "pathType": "Prefix",
            "backend": {"service": {"name": service, "port": {"number": port.port}}},
        }
        for port in ports
    ]
    return ({"host": host} if host else {}) | {"http": {"paths": paths}}
