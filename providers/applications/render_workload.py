"""A component's workload, as a manifest: Deployment, StatefulSet or Job."""

from __future__ import annotations

from typing import Any

from clients.kubernetes.api import Object as Manifest
from clients.kubernetes.resources import DEPLOYMENT, JOB, STATEFUL_SET
from federation.spec.application import Application, Component
from federation.spec.digests import component_digest
from federation.spec.marks import CLUSTER, DIGEST, PARTS, WORKLOADS
from federation.spec.shares import Share
from federation.spec.workload import Update, whole_seconds
from providers.applications.names import component_meta, selector_of, workload_kind
from providers.applications.render_container import render_container
from providers.applications.render_files import config_map_name, file_volumes
from providers.applications.render_secrets import pull_secret, secret_names
from providers.applications.render_volumes import (
    claim_name,
    claim_templates,
    pod_volumes,
    shared_by_replicas,
)
from providers.applications.stamps import stamped
from providers.offloading import on_cluster, on_real_nodes


def parts_of(application: Application, component: Component) -> tuple[str, ...]:
    """Everything that a component consists of beside its workload, as kind and name."""
    texts = config_map_name(component)
    own_account = component.service_account is not None and component.service_account.name is None
    web = any(is_web(port.expose, port.protocol) for port in component.ports)
    return tuple(
        sorted(
            [
                *([f"ConfigMap/{texts}"] if texts else []),
                *([f"Ingress/{component.name}"] if web else []),
                *(f"PersistentVolumeClaim/{claim_name(component, each)}" for each in shared_by_replicas(component)),
                *(f"Secret/{name}" for name in secret_names(application, component)),
                *([f"Service/{component.name}"] if component.ports else []),
                *([f"ServiceAccount/{component.name}"] if own_account else []),
            ]
        )
    )


def is_web(expose: str, protocol: str) -> bool:
    """Whether a port is reached from outside through an ingress, which speaks HTTP only."""
    return expose == "public" and protocol == "TCP"


def render_workload(federation: str, application: Application, component: Component, share: Share) -> Manifest:
    """What runs the pods of a component on one of the clusters that it is placed on."""
    kind = workload_kind(component)
    meta = component_meta(federation, application, component)
    own = {} if share.is_alone else {CLUSTER: share.cluster}
    annotations = {
        DIGEST: component_digest(federation, application, component, share.home),
        PARTS: ",".join(parts_of(application, component)),
        WORKLOADS: ",".join(share.fellows),
    }
    pod = _pod(application, component) | _placement(federation, share)
    template = {"metadata": {"labels": meta["labels"] | own}, "spec": pod}
    if kind == JOB:
        spec = _job(component)
        pod["restartPolicy"] = "Never"
    else:
        spec = {"selector": {"matchLabels": selector_of(application, component) | own}, **_replicas(share)}
    if kind == DEPLOYMENT:
        spec |= _rollout(component.update)
    if kind == STATEFUL_SET:
        claims = claim_templates(federation, application, component)
        spec |= {"serviceName": component.name, "podManagementPolicy": "Parallel", "volumeClaimTemplates": claims}
    return stamped(
        {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {**meta, "name": share.workload, "annotations": annotations},
            "spec": {**spec, "template": template},
        }
    )


def _replicas(share: Share) -> dict[str, Any]:
    """Left to others, such as an autoscaler, where the spec does not say it."""
    return {} if share.replicas is None else {"replicas": share.replicas}


def _job(component: Component) -> dict[str, Any]:
    rules = component.job
    deadline = {"activeDeadlineSeconds": whole_seconds(rules.deadline)} if rules.deadline else {}
    return {"backoffLimit": rules.backoff_limit, **deadline}


def _rollout(update: Update) -> dict[str, Any]:
    limit = {"progressDeadlineSeconds": whole_seconds(update.progress_deadline)}
    if update.strategy == "recreate":
        return {"strategy": {"type": "Recreate"}, **limit}
    rolling = {"maxSurge": _share(update.max_surge), "maxUnavailable": _share(update.max_unavailable)}
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}, **limit}


def _share(text: str) -> int | str:
    return text if text.endswith("%") else int(text)


def _pod(application: Application, component: Component) -> dict[str, Any]:
    account = component.service_account
    names = {"serviceAccountName": account.name or component.name} if account else {}
    hosts: dict[str, list[str]] = {}
    for host, address in sorted(component.host_aliases.items()):
        hosts.setdefault(address, []).append(host)
    optional = {
        "imagePullSecrets": [{"name": pull_secret(application.registry_secret)}] if application.registry_secret else [],
        "hostAliases": [{"ip": address, "hostnames": found} for address, found in sorted(hosts.items())],
        "volumes": [*file_volumes(component), *pod_volumes(component)],
    }
    return {
        "containers": [render_container(component)],
        "automountServiceAccountToken": account.automount if account else False,
        **names,
        **{key: value for key, value in optional.items() if value},
    }


def _placement(federation: str, share: Share) -> dict[str, Any]:
    """Onto the virtual node of another cluster, or onto real nodes only."""
    if share.is_away:
        return on_cluster(federation, share.cluster)
    return on_real_nodes()
