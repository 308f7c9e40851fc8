"""Defaults of built-in kinds. Source: k8s.io/kubernetes/pkg/apis/*/defaults.go, v1.36, in effect on new objects."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.kinds.paths import holders, look

Rows = tuple[tuple[str, Any], ...]

POD_SPECS = {
    "pods": "spec",
    "podtemplates": "template.spec",
    "replicationcontrollers": "spec.template.spec",
    "deployments.apps": "spec.template.spec",
    "replicasets.apps": "spec.template.spec",
    "daemonsets.apps": "spec.template.spec",
    "statefulsets.apps": "spec.template.spec",
    "jobs.batch": "spec.template.spec",
    "cronjobs.batch": "spec.jobTemplate.spec.template.spec",
}

_WITHOUT_POD = {"replicationcontrollers"}

_POD: Rows = (
    ("restartPolicy", "Always"),
    ("dnsPolicy", "ClusterFirst"),
    ("schedulerName", "default-scheduler"),
    ("terminationGracePeriodSeconds", 30),
    ("securityContext", {}),
    ("volumes[].configMap.defaultMode", 420),
    ("volumes[].secret.defaultMode", 420),
    ("volumes[].projected.defaultMode", 420),
    ("volumes[].downwardAPI.defaultMode", 420),
    ("volumes[].downwardAPI.items[].fieldRef.apiVersion", "v1"),
    ("volumes[].projected.sources[].downwardAPI.items[].fieldRef.apiVersion", "v1"),
    ("volumes[].hostPath.type", ""),
    ("volumes[].projected.sources[].serviceAccountToken.expirationSeconds", 3600),
    ("topologySpreadConstraints[].whenUnsatisfiable", "DoNotSchedule"),
)
_CONTAINER: Rows = (
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("resources", {}),
    ("ports[].protocol", "TCP"),
    ("env[].valueFrom.fieldRef.apiVersion", "v1"),
)
_PROBE: Rows = (
    ("timeoutSeconds", 1),
    ("periodSeconds", 10),
    ("successThreshold", 1),
    ("failureThreshold", 3),
    ("httpGet.scheme", "HTTP"),
    ("httpGet.path", "/"),
)
_WEBHOOK: Rows = (
    ("webhooks[].failurePolicy", "Fail"),
    ("webhooks[].matchPolicy", "Equivalent"),
    ("webhooks[].timeoutSeconds", 10),
    ("webhooks[].namespaceSelector", {}),
    ("webhooks[].objectSelector", {}),
    ("webhooks[].rules[].scope", "*"),
    ("webhooks[].clientConfig.service.port", 443),
)

_HALF_BUSY = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}
_NODE_INFO = (
    "machineID",
    "systemUUID",
    "bootID",
    "kernelVersion",
    "osImage",
    "containerRuntimeVersion",
    "kubeletVersion",
    "kubeProxyVersion",
    "operatingSystem",
    "architecture",
)
_KINDS: dict[str, Rows] = {
    "nodes": (
        ("status!.daemonEndpoints", {"kubeletEndpoint": {"Port": 0}}),
        ("status!.nodeInfo", dict.fromkeys(_NODE_INFO, "")),
    ),
    "pods": (
        ("spec.enableServiceLinks", True),
        ("status!.phase", "Pending"),
        ("status.conditions[].lastProbeTime", None),
        ("status.conditions[].lastTransitionTime", None),
    ),
    "services": (
        ("spec!.type", "ClusterIP"),
        ("spec.sessionAffinity", "None"),
        ("spec.ports[].protocol", "TCP"),
        ("status!.loadBalancer", {}),
    ),
    "secrets": (("type", "Opaque"),),
    "namespaces": (("status!.phase", "Active"),),
    "endpoints": (("subsets[].ports[].protocol", "TCP"),),
    "persistentvolumes": (
        ("spec!.persistentVolumeReclaimPolicy", "Retain"),
        ("spec.volumeMode", "Filesystem"),
        ("spec.hostPath.type", ""),
        ("status!.phase", "Pending"),
    ),
    "persistentvolumeclaims": (("spec!.volumeMode", "Filesystem"), ("status!.phase", "Pending")),
    "deployments.apps": (
        ("spec.replicas", 1),
        ("spec.revisionHistoryLimit", 10),
        ("spec.progressDeadlineSeconds", 600),
        ("spec.strategy!.type", "RollingUpdate"),
    ),
    "daemonsets.apps": (("spec.revisionHistoryLimit", 10), ("spec.updateStrategy!.type", "RollingUpdate")),
    "statefulsets.apps": (
        ("spec.replicas", 1),
        ("spec.revisionHistoryLimit", 10),
        ("spec.podManagementPolicy", "OrderedReady"),
        ("spec.updateStrategy!.type", "RollingUpdate"),
        ("spec.persistentVolumeClaimRetentionPolicy!.whenDeleted", "Retain"),
        ("spec.persistentVolumeClaimRetentionPolicy!.whenScaled", "Retain"),
        ("spec.volumeClaimTemplates[].apiVersion", "v1"),
        ("spec.volumeClaimTemplates[].kind", "PersistentVolumeClaim"),
        ("spec.volumeClaimTemplates[].spec.volumeMode", "Filesystem"),
        ("spec.volumeClaimTemplates[].status!.phase", "Pending"),
    ),
    "replicasets.apps": (("spec.replicas", 1),),
    "replicationcontrollers": (("spec.replicas", 1),),
    "jobs.batch": (
        ("spec.backoffLimit", 6),
        ("spec.completionMode", "NonIndexed"),
        ("spec.suspend", False),
        ("spec.manualSelector", False),
        ("spec.podReplacementPolicy", "TerminatingOrFailed"),
    ),
    "cronjobs.batch": (
        ("spec.jobTemplate.metadata", {}),
        ("spec.jobTemplate.spec.template.metadata", {}),
        ("spec.concurrencyPolicy", "Allow"),
        ("spec.suspend", False),
        ("spec.successfulJobsHistoryLimit", 3),
        ("spec.failedJobsHistoryLimit", 1),
    ),
    "networkpolicies.networking.k8s.io": (
        ("spec.ingress[].ports[].protocol", "TCP"),
        ("spec.egress[].ports[].protocol", "TCP"),
    ),
    "storageclasses.storage.k8s.io": (("reclaimPolicy", "Delete"), ("volumeBindingMode", "Immediate")),
    "priorityclasses.scheduling.k8s.io": (("preemptionPolicy", "PreemptLowerPriority"),),
    "ingressclasses.networking.k8s.io": (("spec.parameters.scope", "Cluster"),),
    "endpointslices.discovery.k8s.io": (
        ("endpoints[].conditions", {}),
        ("ports[].protocol", "TCP"),
        ("ports[].name", ""),
    ),
    "rolebindings.rbac.authorization.k8s.io": (("roleRef.apiGroup", "rbac.authorization.k8s.io"),),
    "clusterrolebindings.rbac.authorization.k8s.io": (("roleRef.apiGroup", "rbac.authorization.k8s.io"),),
    "horizontalpodautoscalers.autoscaling": (
        ("spec.minReplicas", 1),
        ("spec.metrics", [_HALF_BUSY]),
        ("status!.desiredReplicas", 0),
        ("status!.currentMetrics", None),
    ),
    "customresourcedefinitions.apiextensions.k8s.io": (("spec.conversion!.strategy", "None"),),
    "apiservices.apiregistration.k8s.io": (("spec.service.port", 443),),
    "validatingwebhookconfigurations.admissionregistration.k8s.io": _WEBHOOK,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": (
        *_WEBHOOK,
        ("webhooks[].reinvocationPolicy", "Never"),
    ),
}


def apply_defaults(key: str, obj: Object) -> None:
    """Fill in what the client left out, in place."""
    _fill(obj, _KINDS.get(key, ()))
    where = POD_SPECS.get(key)
    if where and (key not in _WITHOUT_POD or look(obj, where)):
        pod = obj
        for name in where.split("."):
            pod = pod.setdefault(name, {})
        _default_pod_spec(pod)
    rule = _RULES.get(key)
    if rule is not None:
        rule(obj)


def _fill(obj: Object, rows: Rows) -> None:
    for path, value in rows:
        for node, name, _ in holders(obj, path):
            if node.get(name) is None:
                node[name] = copy.deepcopy(value)


def _default_pod_spec(pod: Object) -> None:
    _fill(pod, _POD)
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name) is False:
            del pod[name]
    if pod.get("serviceAccountName"):
        pod["serviceAccount"] = pod["serviceAccountName"]
    for container in (*(pod.get("containers") or []), *(pod.get("initContainers") or [])):
        _default_container(container)


def _default_container(container: Object) -> None:
    _fill(container, _CONTAINER)
    container.setdefault("imagePullPolicy", _pull_policy(container.get("image", "")))
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(probe):
            _fill(container[probe], _PROBE)
    for variable in container.get("env") or []:
        if variable.get("value") == "":
            del variable["value"]


def _request_limits(container: Object) -> None:
    """Pods ask for what they are limited to; templates of pods stay as they are."""
    limits = (container.get("resources") or {}).get("limits") or {}
    for name, amount in limits.items():
        container["resources"].setdefault("requests", {}).setdefault(name, amount)


def _pull_policy(image: str) -> str:
    if "@" in image:
        return "IfNotPresent"
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return "IfNotPresent" if colon and tag != "latest" else "Always"


def _default_pod(obj: Object) -> None:
    spec = obj.get("spec") or {}
    _open_host_ports(spec)
    for container in (*(spec.get("containers") or []), *(spec.get("initContainers") or [])):
        _request_limits(container)
    status = obj["status"]
    addresses = status.get("podIPs") or []
    if status.get("podIP") and status["podIP"] != next((entry.get("ip") for entry in addresses), ""):
        status["podIPs"] = [{"ip": status["podIP"]}]


def _open_host_ports(pod: Object) -> None:
    for container in pod.get("containers") or [] if pod.get("hostNetwork") else []:
        for port in container.get("ports") or []:
            port.setdefault("hostPort", port.get("containerPort"))


def _default_deployment(obj: Object) -> None:
    strategy = look(obj, "spec.strategy") or {}
    if strategy.get("type") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")


def _default_daemon_set(obj: Object) -> None:
    counted = obj["metadata"].setdefault("annotations", {})
    counted["deprecated.daemonset.template.generation"] = str(obj["metadata"].get("generation", 1))
    strategy = look(obj, "spec.updateStrategy") or {}
    if strategy.get("type") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", 0)
        rolling.setdefault("maxUnavailable", 1)


def _default_stateful_set(obj: Object) -> None:
    strategy = look(obj, "spec.updateStrategy") or {}
    if strategy.get("type") == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)


def _default_job(obj: Object) -> None:
    spec = obj.get("spec") or {}
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)


def _default_service(obj: Object) -> None:
    spec = obj["spec"]
    for port in spec.get("ports") or []:
        port.setdefault("targetPort", port.get("port"))
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec["sessionAffinity"] == "ClientIP":
        spec.setdefault("sessionAffinityConfig", {"clientIP": {"timeoutSeconds": 10800}})


def _default_node(obj: Object) -> None:
    spec = obj.get("spec") or {}
    if spec.get("podCIDR"):
        spec.setdefault("podCIDRs", [spec["podCIDR"]])


def _default_limits(obj: Object) -> None:
    for limit in look(obj, "spec.limits") or []:
        if limit.get("type") == "Container":
            highest = limit.get("max") or {}
            limit["default"] = {**highest, **(limit.get("default") or {})}
            least = {**limit["default"], **(limit.get("min") or {})}
            limit["defaultRequest"] = {**least, **(limit.get("defaultRequest") or {})}


def _default_network_policy(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") is not None else [])]


def _default_binding(obj: Object) -> None:
    for subject in obj.get("subjects") or []:
        if subject.get("kind") in {"User", "Group"}:
            subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


def _default_definition(obj: Object) -> None:
    names = look(obj, "spec.names") or {}
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")


def _default_secret(obj: Object) -> None:
    for name, text in (obj.pop("stringData", None) or {}).items():
        if obj.get("data") is None:
            obj["data"] = {}
        obj["data"][name] = base64.b64encode(text.encode()).decode()


def _default_namespace(obj: Object) -> None:
    if obj["metadata"].get("name"):
        obj["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = obj["metadata"]["name"]


_RULES: dict[str, Callable[[Object], None]] = {
    "pods": _default_pod,
    "deployments.apps": _default_deployment,
    "daemonsets.apps": _default_daemon_set,
    "statefulsets.apps": _default_stateful_set,
    "jobs.batch": _default_job,
    "services": _default_service,
    "nodes": _default_node,
    "limitranges": _default_limits,
    "secrets": _default_secret,
    "namespaces": _default_namespace,
    "networkpolicies.networking.k8s.io": _default_network_policy,
    "rolebindings.rbac.authorization.k8s.io": _default_binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _default_binding,
    "customresourcedefinitions.apiextensions.k8s.io": _default_definition,
}
