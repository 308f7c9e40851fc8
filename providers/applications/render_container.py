"""A component's container, as part of a manifest."""

from __future__ import annotations

from typing import Any

from federation.spec.application import Component
from federation.spec.model import duration_s
from federation.spec.workload import Probe, whole_seconds
from providers.applications.render_files import file_mounts
from providers.applications.render_secrets import bundle_secret

_LAST_WORDS = "FallbackToLogsOnError"
"""A container that fails leaves the end of its log in its pod's status, where conditions are made from."""


def render_container(component: Component) -> dict[str, Any]:
    """The one container of every pod of a component."""
    optional = {
        "command": list(component.command),
        "args": list(component.args),
        "env": _environment(component),
        "ports": _ports(component),
        "resources": _resources(component),
        "volumeMounts": [*file_mounts(component), *_volume_mounts(component)],
        **{f"{name}Probe": _probe(probe) for name, probe in component.probes.named.items()},
    }
    required = {"name": component.name, "image": component.image, "terminationMessagePolicy": _LAST_WORDS}
    return required | {key: value for key, value in optional.items() if value}


def _resources(component: Component) -> dict[str, dict[str, str]]:
    resources = component.resources
    amounts = {"requests": resources.requested, "limits": resources.limited} if resources else {}
    return {key: value for key, value in amounts.items() if value}


def _environment(component: Component) -> list[dict[str, Any]]:
    plain = [{"name": name, "value": value} for name, value in sorted(component.env.items())]
    secret = [
        {
            "name": name,
            "valueFrom": {"secretKeyRef": {"name": bundle_secret(reference.secret), "key": reference.key}},
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


def _volume_mounts(component: Component) -> list[dict[str, Any]]:
    return [
        {"name": volume.name, "mountPath": volume.path} | ({"readOnly": True} if volume.read_only else {})
        for volume in component.volumes
    ]


def _probe(probe: Probe) -> dict[str, Any]:
    timing = {
        "periodSeconds": whole_seconds(probe.period),
        "timeoutSeconds": whole_seconds(probe.timeout),
        "failureThreshold": probe.failure_threshold,
    }
    if duration_s(probe.initial_delay) > 0:
        timing["initialDelaySeconds"] = whole_seconds(probe.initial_delay)
    return {**_question(probe), **timing}


def _question(probe: Probe) -> dict[str, Any]:
    if probe.http is not None:
        return {"httpGet": {"path": probe.http.path, "port": probe.http.port, "scheme": probe.http.scheme}}
    if probe.tcp is not None:
        return {"tcpSocket": {"port": probe.tcp.port}}
    if probe.grpc is not None:
        return {"grpc": {"port": probe.grpc.port} | ({"service": probe.grpc.service} if probe.grpc.service else {})}
    return {"exec": {"command": list(probe.exec or ())}}
