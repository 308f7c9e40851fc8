"""Nobody grants what they may not do themselves. Source: kubernetes.io, "Using RBAC Authorization".

A user writes a role or binds one only with all of its permissions, or with the verb ``escalate`` or ``bind``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.access.rbac import Attributes, Rbac
from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import forbidden
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.write.options import WriteOptions

GROUP = "rbac.authorization.k8s.io"
_FIELDS = (
    ("apiGroups", "APIGroups"),
    ("resources", "Resources"),
    ("nonResourceURLs", "NonResourceURLs"),
    ("resourceNames", "ResourceNames"),
    ("verbs", "Verbs"),
)


def refuse_escalation(resource: Resource, obj: Object, options: WriteOptions, rbac: Rbac) -> None:
    """Let a role or a binding pass that grants no more than its writer has; what the cluster does itself passes.

    Raises:
        ApiError: 403.
    """
    user = User(options.user, options.groups)
    if resource.group != GROUP or not user.groups or user.is_master:
        return
    metadata = obj["metadata"]
    namespace = metadata.get("namespace", "")
    if rbac.allows(user, _way_around(obj, namespace)):
        return
    granted = obj.get("rules") or [] if "roleRef" not in obj else rbac.granted(obj, namespace)
    missing = [rule for rule in _single_rules(granted) if not rbac.allows(user, _attributes(rule, namespace))]
    if missing:
        listed = "[" + " ".join(json.dumps(group) for group in user.groups) + "]"
        told = f'user "{user.name}" (groups={listed}) is attempting to grant RBAC permissions not currently held:\n'
        detail = told + "\n".join(sorted(map(_shown, _compacted(missing))))
        raise forbidden(resource.plural, resource.group, metadata["name"], detail)


def _way_around(obj: Object, namespace: str) -> Attributes:
    """The permission with which a grant is not looked at."""
    reference = obj.get("roleRef")
    if reference is None:
        return Attributes("escalate", GROUP, f"{obj['kind'].lower()}s", "", namespace, obj["metadata"]["name"])
    kind, name = reference.get("kind", ""), reference.get("name", "")
    return Attributes("bind", GROUP, f"{kind.lower()}s", "", namespace, name)


def _single_rules(rules: Iterator[Object] | list[Object]) -> Iterator[Object]:
    """Rules that each permit one verb on one thing."""
    for rule in rules:
        for verb in rule.get("verbs") or []:
            for path in rule.get("nonResourceURLs") or []:
                yield {"nonResourceURLs": [path], "verbs": [verb]}
            for group in rule.get("apiGroups") or []:
                for resource in rule.get("resources") or []:
                    single = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                    named = [{**single, "resourceNames": [name]} for name in rule.get("resourceNames") or []]
                    yield from named or [single]


def _attributes(rule: Object, namespace: str) -> Attributes:
    verb = rule["verbs"][0]
    if "nonResourceURLs" in rule:
        return Attributes(verb, path=rule["nonResourceURLs"][0])
    resource, _, subresource = rule["resources"][0].partition("/")
    name = rule.get("resourceNames", [""])[0]
    return Attributes(verb, rule["apiGroups"][0], resource, subresource, namespace, name)


def _compacted(rules: list[Object]) -> list[Object]:
    """Rules on the same thing as one with all of their verbs."""
    together: dict[str, Object] = {}
    for rule in rules:
        key = json.dumps({**rule, "verbs": []}, sort_keys=True)
        known = together.setdefault(key, {**rule, "verbs": []})
        known["verbs"] = [*known["verbs"], *rule["verbs"]]
    return list(together.values())


def _shown(rule: Object) -> str:
    parts = (
        f"{label}:[{' '.join(json.dumps(value) for value in rule[name])}]" for name, label in _FIELDS if name in rule
    )
    return "{" + ", ".join(parts) + "}"
