"""Roles and bindings: is a request allowed, and what is anyone allowed.

Source: kubernetes.io, "Using RBAC Authorization".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.api import Object
from sandbox.kubernetes.selectors import selects
from sandbox.kubernetes.store import Store

_GROUP = "rbac.authorization.k8s.io"
_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True)
class Attributes:
    """What a request wants to do; ``path`` is set only for paths that are no resources."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def target(self) -> str:
        """Resource as rules name it: ``pods`` or ``pods/log``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


class Rbac:
    """Evaluates the roles and bindings in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allows(self, user: User, wanted: Attributes) -> bool:
        """Whether a user may do it."""
        if user.is_master:
            return True
        return any(_permits(rule, wanted) for rule in self.rules(user, wanted.namespace))

    def rules(self, user: User, namespace: str) -> Iterator[Object]:
        """Every rule that holds for a user, cluster-wide and in a namespace."""
        for binding in self._store.objects(f"clusterrolebindings.{_GROUP}"):
            if _binds(binding, user, ""):
                yield from self.granted(binding, "")
        for binding in self._store.objects(f"rolebindings.{_GROUP}", namespace) if namespace else ():
            if _binds(binding, user, namespace):
                yield from self.granted(binding, namespace)

    def granted(self, binding: Object, namespace: str) -> Iterator[Object]:
        """Every rule of the role that a binding refers to."""
        reference = binding.get("roleRef") or {}
        if reference.get("kind") == "Role":
            role = self._store.get(f"roles.{_GROUP}", (namespace, reference.get("name", "")))
        else:
            role = self._store.get(f"clusterroles.{_GROUP}", ("", reference.get("name", "")))
        if role is not None:
            yield from role.get("rules") or []
            yield from self._aggregated(role)

    def _aggregated(self, role: Object) -> Iterator[Object]:
        selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or []
        for other in self._store.objects(f"clusterroles.{_GROUP}") if selectors else ():
            if any(selects(selector, other["metadata"].get("labels") or {}) for selector in selectors):
                yield from other.get("rules") or []


def _binds(binding: Object, user: User, namespace: str) -> bool:
    return any(_is_subject(subject, user, namespace) for subject in binding.get("subjects") or [])


def _is_subject(subject: Object, user: User, namespace: str) -> bool:
    kind, name = subject.get("kind"), subject.get("name", "")
    if kind == "ServiceAccount":
        return user.name == f"{_ACCOUNT}{subject.get('namespace') or namespace}:{name}"
    return name in user.groups if kind == "Group" else name == user.name


def _permits(rule: Object, wanted: Attributes) -> bool:
    if not _has(rule.get("verbs"), wanted.verb):
        return False
    if wanted.path:
        return any(_path_fits(path, wanted.path) for path in rule.get("nonResourceURLs") or [])
    named = rule.get("resourceNames") or []
    return (
        _has(rule.get("apiGroups"), wanted.group)
        and (_has(rule.get("resources"), wanted.target) or f"*/{wanted.subresource}" in (rule.get("resources") or []))
        and (not named or wanted.name in named)
    )


def _has(listed: list[str] | None, value: str) -> bool:
    return "*" in (listed or []) or value in (listed or [])


def _path_fits(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == path
