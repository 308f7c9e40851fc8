"""Secrets and ConfigMaps that a pod cannot start without."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.kubernetes.api import Api, Object

RESOURCES = {"secret": "secrets", "configmap": "configmaps"}


def missing_for_start(api: Api, pod: Object, container: Object) -> str | None:
    """Why a container's environment cannot be made, as the kubelet words it; None when it can."""
    for kind, name, key, optional in _environment(container):
        found = api.get(RESOURCES[kind], name, pod["metadata"]["namespace"])
        if optional:
            continue
        if found is None:
            return f'{kind} "{name}" not found'
        if key and key not in (found.get("data") or {}):
            where = f"{pod['metadata']['namespace']}/{name}"
            return f"couldn't find key {key} in {'Secret' if kind == 'secret' else 'ConfigMap'} {where}"
    return None


def missing_for_mount(api: Api, pod: Object) -> str | None:
    """Why a volume cannot be mounted, as the kubelet words it; None when all can."""
    for volume, kind, name, optional in _volumes(pod["spec"]):
        if not optional and api.get(RESOURCES[kind], name, pod["metadata"]["namespace"]) is None:
            return f'MountVolume.SetUp failed for volume "{volume}" : {kind} "{name}" not found'
    return None


def _environment(container: Object) -> Iterator[tuple[str, str, str, bool]]:
    for entry in container.get("env") or ():
        source = entry.get("valueFrom") or {}
        for kind, field in (("secret", "secretKeyRef"), ("configmap", "configMapKeyRef")):
            if field in source:
                ref = source[field]
                yield kind, ref["name"], ref.get("key", ""), bool(ref.get("optional"))
    for entry in container.get("envFrom") or ():
        for kind, field in (("secret", "secretRef"), ("configmap", "configMapRef")):
            if field in entry:
                yield kind, entry[field]["name"], "", bool(entry[field].get("optional"))


def _volumes(spec: Object) -> Iterator[tuple[str, str, str, bool]]:
    for volume in spec.get("volumes") or ():
        sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
        for source in sources:
            if "secret" in source:
                ref = source["secret"]
                yield volume["name"], "secret", ref.get("secretName") or ref.get("name", ""), bool(ref.get("optional"))
            if "configMap" in source:
                ref = source["configMap"]
                yield volume["name"], "configmap", ref["name"], bool(ref.get("optional"))
