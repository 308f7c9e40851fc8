"""The four kinds of patches, as changes of the one write path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kubernetes.api import ApiError, Object
from sandbox.kubernetes.copying import copied
from sandbox.kubernetes.errors import (
    Undecodable,
    bad_request,
    conflict,
    invalid,
    not_found,
    required,
    unsupported_media_type,
)
from sandbox.kubernetes.fields import managed
from sandbox.kubernetes.fields.apply import apply
from sandbox.kubernetes.fields.merge import json_patch, merge_patch
from sandbox.kubernetes.fields.paths import dump
from sandbox.kubernetes.fields.strategic import strategic_merge
from sandbox.kubernetes.fields.typed import untypable
from sandbox.kubernetes.pruning import prune
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.write.options import WriteOptions, Written
from sandbox.kubernetes.write.writes import Writes

JSON, MERGE = "application/json-patch+json", "application/merge-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"


def _changes(resource: Resource, patch: Any) -> dict[str, Callable[[Object], Object]]:
    changes: dict[str, Callable[[Object], Object]] = {
        JSON: lambda obj: json_patch(obj, patch),
        MERGE: lambda obj: merge_patch(obj, patch),
    }
    if not resource.custom:
        changes[STRATEGIC] = lambda obj: strategic_merge(obj, patch, resource.schema)
    return changes


class Patching:
    """Patches over one write path."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    def patch(
        self, resource: Resource, namespace: str, name: str, body: tuple[str, Any], options: WriteOptions
    ) -> Written:
        """Patch one object; ``body`` is media type and patch. An apply creates what is missing.

        Raises:
            ApiError: 415 for a media type that the resource does not take, and what writes raise.
        """
        media_type, patch = body
        if media_type == APPLY:
            return self.apply(resource, namespace, name, patch, options)
        changes = _changes(resource, patch)
        if media_type not in changes:
            raise unsupported_media_type([*changes, APPLY] if resource.custom else [])
        if media_type != JSON and not isinstance(patch, dict):
            raise bad_request(
                "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
            )
        try:
            return self._writes.update(resource, namespace, name, changes[media_type], options)
        except Undecodable as error:
            raise error.of_patch(dump(patch), strategic=media_type == STRATEGIC) from error

    def apply(self, resource: Resource, namespace: str, name: str, config: Any, options: WriteOptions) -> Written:
        """Server-side apply."""
        config = self._check_config(resource, name, config, options)
        who = managed.Manager("Apply", options.manager, resource.api_version, options.subresource)
        for field in _reset_fields(resource, options.subresource):
            config.pop(field, None)
        try:
            old = self._writes.read(resource, namespace, name)
        except ApiError as error:
            if error.code != not_found("", "", "").code or options.subresource:
                raise
            return self._create(resource, namespace, config, who, options)
        new, owners = apply(old, config, resource, who, force=options.force)
        return self._writes.commit(resource, old, copied(new), options, owners)

    def _create(
        self, resource: Resource, namespace: str, config: Object, who: managed.Manager, options: WriteOptions
    ) -> Written:
        if uid := config["metadata"].get("uid"):
            detail = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise conflict(resource.plural, resource.group, config["metadata"]["name"], detail)
        if config["metadata"].get("resourceVersion"):
            raise not_found(resource.plural, resource.group, config["metadata"]["name"])
        empty: Object = {"apiVersion": config["apiVersion"], "kind": config["kind"], "metadata": {}}
        _, owners = apply(empty, config, resource, who, force=True)
        return self._writes.create(resource, namespace, config, options, owners)

    def _check_config(self, resource: Resource, name: str, config: Any, options: WriteOptions) -> Object:
        if not isinstance(config, dict):
            raise bad_request("error decoding YAML")
        version = config.get("apiVersion", "")
        if not version or not config.get("kind"):
            told = version if "/" in version else f"/{version}"
            raise bad_request(f"invalid object type: {told}, Kind={config.get('kind', '')}")
        if not options.manager:
            cause = required("fieldManager", "is required for apply patch")
            raise invalid("PatchOptions", "meta.k8s.io", "", [cause])
        config = copied(config)
        metadata = config.setdefault("metadata", {})
        if metadata.get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        if metadata.setdefault("name", name) != name:
            raise bad_request(
                f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
            )
        self._check_declared(resource, config)
        return dict(config)

    def _check_declared(self, resource: Resource, config: Object) -> None:
        body = {k: v for k, v in config.items() if k != "metadata"}
        found = list(untypable(body, resource.schema))
        found += [f".{path}: field not declared in schema" for path in prune(copied(body), resource.schema)]
        if found:
            where = f"{config['metadata'].get('namespace', '')}/{config['metadata']['name']}"
            group_version = config["apiVersion"] if resource.group else f"/{config['apiVersion']}"
            reasons = "; ".join(found)
            what = f"{where}; {group_version}, Kind={config['kind']}"
            message = f"failed to create typed patch object ({what}): {reasons}"
            raise ApiError(500, "", message)


def _reset_fields(resource: Resource, subresource: str) -> tuple[str, ...]:
    """What a write through this door cannot change, and so cannot own."""
    if subresource == "status":
        return ("spec",)
    return ("status",) if resource.has_status else ()
