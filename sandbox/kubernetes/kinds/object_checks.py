"""Checks of the other built-in kinds, one function a kind.

Source: k8s.io/kubernetes/pkg/apis/*/validation, v1.36; words as a real server of that version gave them.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import (
    Cause,
    duplicate,
    forbidden_field,
    invalid_value,
    not_supported,
    required,
)
from sandbox.kubernetes.kinds.paths import look
from sandbox.kubernetes.kinds.pod_checks import MAX_PORT, PORT_WORDS
from sandbox.kubernetes.names import label_words, subdomain_words

_IP_WORDS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_ALWAYS = {"deployments.apps", "replicasets.apps", "daemonsets.apps", "statefulsets.apps"}
_ENDING = {"jobs.batch", "cronjobs.batch"}
_OUTSIDE = {"NodePort", "LoadBalancer"}
_KEY_WORDS = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def check_template(key: str, pod: Object, where: str) -> Iterator[Cause]:
    """What the owner of a template allows its pods."""
    policy = pod.get("restartPolicy")
    if key in _ALWAYS and policy in {"Never", "OnFailure"}:
        yield not_supported(f"{where}.restartPolicy", policy, ["Always"])
    if key in _ENDING and policy == "Always":
        yield required(f"{where}.restartPolicy", 'valid values: "OnFailure", "Never"')


def _check_service(obj: Object) -> Iterator[Cause]:
    spec = obj["spec"]
    ports = spec.get("ports") or []
    if not ports and spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    if spec["type"] == "ExternalName":
        yield from _check_external_name(spec)
    yield from _check_addresses(spec)
    yield from _check_service_ports(spec, ports)
    if spec.get("externalTrafficPolicy") and spec["type"] not in _OUTSIDE and not spec.get("externalIPs"):
        told = "may only be set for externally-accessible services"
        yield invalid_value("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], told)
    if spec.get("loadBalancerClass") and spec["type"] != "LoadBalancer":
        yield forbidden_field("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'")


def _check_external_name(spec: Object) -> Iterator[Cause]:
    name = spec.get("externalName")
    if not name:
        yield required("spec.externalName")
    elif words := subdomain_words(name):
        yield invalid_value("spec.externalName", name, words)


def _check_addresses(spec: Object) -> Iterator[Cause]:
    address = spec.get("clusterIP")
    if address and address != "None" and not _is_address(address):
        yield invalid_value("spec.clusterIPs[0]", address, _IP_WORDS)
    for index, address in enumerate(spec.get("externalIPs") or []):
        if not _is_address(address):
            yield invalid_value(f"spec.externalIPs[{index}]", address, _IP_WORDS)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _check_service_ports(spec: Object, ports: list[Object]) -> Iterator[Cause]:
    seen: set[tuple[Any, Any]] = set()
    names: set[str] = set()
    for index, port in enumerate(ports):
        here = f"spec.ports[{index}]"
        name = port.get("name")
        if len(ports) > 1 and not name:
            yield required(f"{here}.name")
        elif name:
            if words := label_words(name):
                yield invalid_value(f"{here}.name", name, words)
            elif name in names:
                yield duplicate(f"{here}.name", name)
            names.add(name)
        key = (port.get("port"), port.get("protocol"))
        if key in seen:
            yield duplicate(here, port)
        seen.add(key)
        yield from _check_target(spec, port, here)


def _check_target(spec: Object, port: Object, here: str) -> Iterator[Cause]:
    target = port.get("targetPort")
    if isinstance(target, int) and not 1 <= target <= MAX_PORT:
        yield invalid_value(f"{here}.targetPort", target, PORT_WORDS)
    if isinstance(target, str) and not re.fullmatch(r"[a-z0-9-]{1,15}", target):
        told = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
        yield invalid_value(f"{here}.targetPort", target, told)
    if port.get("nodePort") and spec["type"] == "ClusterIP":
        yield forbidden_field(f"{here}.nodePort", "may not be used when `type` is 'ClusterIP'")


def _check_secret(obj: Object) -> Iterator[Cause]:
    data = obj.get("data") or {}
    yield from _check_keys(data)
    kind = obj.get("type")
    if kind == "kubernetes.io/tls":
        yield from (required(f"data[{key}]") for key in ("tls.crt", "tls.key") if key not in data)
    if kind == "kubernetes.io/dockerconfigjson":
        yield from _check_registries(data)
    account = "kubernetes.io/service-account.name"
    if kind == "kubernetes.io/service-account-token" and not (obj["metadata"].get("annotations") or {}).get(account):
        yield required(f"metadata.annotations[{account}]")


def _check_registries(data: Object) -> Iterator[Cause]:
    key = ".dockerconfigjson"
    if key not in data:
        yield required(f"data[{key}]")
        return
    try:
        json.loads(base64.b64decode(data[key]))
    except ValueError:
        yield invalid_value(f"data[{key}]", "<secret contents redacted>", "unexpected end of JSON input")


def _check_config_map(obj: Object) -> Iterator[Cause]:
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    yield from _check_keys({**data, **binary})
    for name in data:
        if name in binary:
            yield invalid_value(f"data[{name}]", name, "duplicate of key present in binaryData")


def _check_keys(data: Object) -> Iterator[Cause]:
    for name in data:
        if not re.fullmatch(r"[-._a-zA-Z0-9]+", name):
            yield invalid_value(f"data[{name}]", name, _KEY_WORDS)


def _check_deployment(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    strategy = spec.get("strategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    if strategy.get("type") not in {"Recreate", "RollingUpdate"}:
        yield not_supported("spec.strategy", strategy, ["Recreate", "RollingUpdate"])
    elif strategy["type"] == "Recreate" and rolling:
        yield forbidden_field("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif rolling and not _percent(rolling.get("maxSurge")) and not _percent(rolling.get("maxUnavailable")):
        where = "spec.strategy.rollingUpdate.maxUnavailable"
        yield invalid_value(where, rolling.get("maxUnavailable"), "may not be 0 when `maxSurge` is 0")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        yield invalid_value("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _percent(value: Any) -> int:
    return int(str(value or 0).rstrip("%"))


def _check_cron_job(obj: Object) -> Iterator[Cause]:
    schedule = look(obj, "spec.schedule") or ""
    fields = schedule.split()
    if len(fields) != 5 and not schedule.startswith("@"):
        told = f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
        yield invalid_value("spec.schedule", schedule, told)


def _check_ingress(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield invalid_value("spec", None, "either `defaultBackend` or `rules` must be specified")
    for index, rule in enumerate(spec.get("rules") or []):
        host = rule.get("host", "")
        if _is_address(host):
            yield invalid_value(f"spec.rules[{index}].host", host, "must be a DNS name, not an IP address")
        for number, path in enumerate((rule.get("http") or {}).get("paths") or []):
            if path.get("pathType") in {"Prefix", "Exact"} and not path.get("path", "").startswith("/"):
                where = f"spec.rules[{index}].http.paths[{number}].path"
                yield invalid_value(where, path.get("path", ""), "must be an absolute path")


def _check_binding(obj: Object) -> Iterator[Cause]:
    reference = obj.get("roleRef") or {}
    if reference.get("kind") not in {"Role", "ClusterRole"}:
        yield not_supported("roleRef.kind", reference.get("kind", ""), ["Role", "ClusterRole"])
    if not reference.get("name"):
        yield required("roleRef.name")
    for index, subject in enumerate(obj.get("subjects") or []):
        if subject.get("kind") not in {"ServiceAccount", "User", "Group"}:
            allowed = ["ServiceAccount", "User", "Group"]
            yield not_supported(f"subjects[{index}].kind", subject.get("kind", ""), allowed)


def _check_claim(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    if not spec.get("accessModes"):
        yield required("spec.accessModes", "at least 1 access mode is required")
    if not look(spec, "resources.requests.storage"):
        yield required("spec.resources[storage]")


def _check_budget(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        yield invalid_value("spec", spec, "minAvailable and maxUnavailable cannot be both set")


def _check_autoscaler(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    highest, lowest, target = spec.get("maxReplicas", 0), spec.get("minReplicas", 1), spec.get("scaleTargetRef") or {}
    if highest < 1:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    if highest < lowest:
        yield invalid_value("spec.maxReplicas", highest, "must be greater than or equal to `minReplicas`")
    yield from (required(f"spec.scaleTargetRef.{name}") for name in ("kind", "name") if not target.get(name))
    if "/" not in target.get("apiVersion", ""):
        yield invalid_value(
            "spec.scaleTargetRef.apiVersion", target.get("apiVersion", ""), "apiVersion must specify API group"
        )


def _check_event(obj: Object) -> Iterator[Cause]:
    about = look(obj, "involvedObject.namespace") or ""
    if about != obj["metadata"].get("namespace", "") and not (
        not about and obj["metadata"].get("namespace") == "default"
    ):
        yield invalid_value("involvedObject.namespace", about, "does not match event.namespace")


RULES: dict[str, Callable[[Object], Iterator[Cause]]] = {
    "services": _check_service,
    "secrets": _check_secret,
    "configmaps": _check_config_map,
    "persistentvolumeclaims": _check_claim,
    "events": _check_event,
    "deployments.apps": _check_deployment,
    "cronjobs.batch": _check_cron_job,
    "horizontalpodautoscalers.autoscaling": _check_autoscaler,
    "ingresses.networking.k8s.io": _check_ingress,
    "poddisruptionbudgets.policy": _check_budget,
    "rolebindings.rbac.authorization.k8s.io": _check_binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _check_binding,
}
