"""The probe of a direction as manifests: two pods in a namespace of the consumer that is offloaded to the provider.

The *echo* runs on the provider, as an offloaded component would. The *client* runs on the consumer's own nodes; it is
ready while its call of the echo is answered, and its log has how long each call took. So every call takes the whole
way of an application: name, service, reflected endpoint, remapped address, tunnel.

Commands are argument vectors: no shell reads anything of the spec. Both pods fulfil the restricted security standard.
Source: kubernetes.io, "Pod Security Standards", "Configure Liveness, Readiness and Startup Probes"; BusyBox 1.37.
"""

from __future__ import annotations

from typing import Any

from clients.kubernetes.api import Object as Manifest
from federation.spec.federation import digest
from federation.spec.links import call_failures, call_limit_s
from federation.spec.marks import DIGEST, PROBE, labels
from federation.spec.peering import Peering, PeeringKey
from providers.offloading import (
    NAMESPACE_OFFLOADING,
    OFFLOADING_NAME,
    SCHEDULING,
    offloading_spec,
    on_cluster,
    on_real_nodes,
)

CLIENT, ECHO = "client", "echo"
_PORT = 8080
_STARTS_EVERY_S = 2
"""Until the first answer a call is made so often, so that a build waits no longer than it must."""
_FOR_EVER = 2**31 - 1
_MARGIN_S = 2
"""The call ends by itself before the kubelet ends it, so that its log line is written."""
_NAME_LENGTH, _DIGEST_LENGTH = 63, 8
_NOBODY = 65534
_STAYS = [
    {"key": f"node.kubernetes.io/{what}", "operator": "Exists", "effect": "NoExecute"}
    for what in ("not-ready", "unreachable")
]
"""While a provider is away its virtual node is not ready. The echo runs on there, and answers as soon as it can."""
_RESOURCES = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "200m", "memory": "32Mi"}}


def probe_namespace(federation: str, key: PeeringKey) -> str:
    """Name of a probe's namespace, on both sides: readable, and no other direction of any federation has it."""
    ending = f"-{digest(f'{federation}/{key}')[:_DIGEST_LENGTH]}"
    return f"probe-{key.consumer}-{key.provider}"[: _NAME_LENGTH - len(ending)] + ending


def render_probe_namespace(federation: str, key: PeeringKey, applied_digest: str | None) -> Manifest:
    """The namespace; ``applied_digest`` tells that all of the probe is there."""
    own = {**labels(federation, peer=key.provider), PROBE: "true"}
    pods = {SCHEDULING: "true", "pod-security.kubernetes.io/enforce": "restricted"}
    annotations = {"annotations": {DIGEST: applied_digest}} if applied_digest else {}
    meta = {"name": probe_namespace(federation, key), "labels": own | pods, **annotations}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def render_probe_offloading(federation: str, key: PeeringKey) -> Manifest:
    """The namespace under the same name on the provider, and nowhere else."""
    return {
        "apiVersion": NAMESPACE_OFFLOADING.api_version,
        "kind": NAMESPACE_OFFLOADING.kind,
        "metadata": {**_meta(federation, key, ECHO), "name": OFFLOADING_NAME},
        "spec": offloading_spec(federation, [key.provider]),
    }


def render_service(federation: str, key: PeeringKey) -> Manifest:
    """The name by which the client calls the echo."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _meta(federation, key, ECHO),
        "spec": {"selector": {PROBE: ECHO}, "ports": [{"port": _PORT, "targetPort": _PORT, "protocol": "TCP"}]},
    }


def render_echo(federation: str, key: PeeringKey, peering: Peering) -> Manifest:
    """The pod that answers, on the provider: it serves the name that its kubelet gave it."""
    container = {
        "name": ECHO,
        "image": peering.probe.image,
        "command": ["httpd", "-f", "-p", str(_PORT), "-h", "/etc"],
        "ports": [{"containerPort": _PORT, "protocol": "TCP"}],
        "readinessProbe": {"tcpSocket": {"port": _PORT}},
    }
    where = {**on_cluster(federation, key.provider), "tolerations": _STAYS}
    return _deployment(_meta(federation, key, ECHO), container, where)


def render_client(federation: str, key: PeeringKey, peering: Peering) -> Manifest:
    """The pod that calls, on a node of the consumer's own."""
    limit_s, every_s = call_limit_s(peering.profile), peering.probe.every_s
    call = {"exec": {"command": _call(limit_s)}, "timeoutSeconds": limit_s + _MARGIN_S}
    container = {
        "name": CLIENT,
        "image": peering.probe.image,
        "command": ["tail", "-f", "/dev/null"],
        "startupProbe": {**call, "periodSeconds": _STARTS_EVERY_S, "failureThreshold": _FOR_EVER},
        "readinessProbe": {
            **call,
            "periodSeconds": every_s,
            "failureThreshold": call_failures(peering.profile),
        },
    }
    return _deployment(_meta(federation, key, CLIENT), container, on_real_nodes())


def _call(limit_s: int) -> list[str]:
    """One call, whose exit status and seconds go into the log of the pod."""
    timed = ["time", "-a", "-o", "/proc/1/fd/1", "-f", "%x %e"]
    fetched = ["wget", "-q", "-Y", "off", "-O", "/dev/null", f"http://{ECHO}:{_PORT}/hostname"]
    return [*timed, "timeout", str(limit_s), *fetched]


def _meta(federation: str, key: PeeringKey, name: str) -> dict[str, Any]:
    own = labels(federation, peer=key.provider, probe=name)
    return {"name": name, "namespace": probe_namespace(federation, key), "labels": own}


def _deployment(meta: dict[str, Any], container: dict[str, Any], where: dict[str, Any]) -> Manifest:
    locked = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    nobody = {"runAsNonRoot": True, "runAsUser": _NOBODY, "runAsGroup": _NOBODY}
    pod = {
        "containers": [{**container, "resources": _RESOURCES, "securityContext": locked}],
        "securityContext": {**nobody, "seccompProfile": {"type": "RuntimeDefault"}},
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        **where,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta,
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {PROBE: meta["name"]}},
            "template": {"metadata": {"labels": meta["labels"]}, "spec": pod},
        },
    }
