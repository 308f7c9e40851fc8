"""Reviews: what may I, who am I, is this token good. Source: kubernetes.io, "Authorization, Checking API access"."""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.access.rbac import Attributes, Rbac
from sandbox.kubernetes.access.tokens import Tokens
from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import invalid, required


def review(kind: str, obj: Object, user: User, rbac: Rbac, tokens: Tokens) -> Object:
    """The review with its status filled in.

    Raises:
        ApiError: 422 when the review asks nothing.
    """
    spec: Object = obj.get("spec") or {}
    if kind == "SelfSubjectReview":
        return {**obj, "status": {"userInfo": _info(user)}}
    if kind == "TokenReview":
        return {**obj, "status": _token_status(spec, tokens)}
    if kind == "SelfSubjectRulesReview":
        return {**obj, "status": _rules_status(spec, user, rbac)}
    subject = user if kind == "SelfSubjectAccessReview" else User(spec.get("user", ""), tuple(spec.get("groups") or ()))
    wanted = _wanted(kind, spec)
    allowed = rbac.allows(subject, wanted)
    return {**obj, "status": {"allowed": allowed}}


def _info(user: User) -> Object:
    info: Object = {"username": user.name, "groups": list(user.groups)}
    return {**info, "uid": user.uid} if user.uid else info


def _token_status(spec: Object, tokens: Tokens) -> Object:
    user = tokens.user(spec.get("token", ""))
    if user is None:
        return {"authenticated": False, "error": "invalid bearer token", "user": {}}
    return {"authenticated": True, "user": _info(user), "audiences": spec.get("audiences") or []}


def _rules_status(spec: Object, user: User, rbac: Rbac) -> Object:
    everything = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    rules: list[Any] = everything if user.is_master else list(rbac.rules(user, spec.get("namespace", "")))
    return {
        "resourceRules": [rule for rule in rules if rule.get("resources")],
        "nonResourceRules": [rule for rule in rules if rule.get("nonResourceURLs")],
        "incomplete": False,
    }


def _wanted(kind: str, spec: Object) -> Attributes:
    if path := spec.get("nonResourceAttributes"):
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    asked = spec.get("resourceAttributes")
    if asked is None:
        told = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise invalid(kind, "authorization.k8s.io", "", [required("spec.resourceAttributes", told)])
    return Attributes(
        asked.get("verb", ""),
        asked.get("group", ""),
        asked.get("resource", ""),
        asked.get("subresource", ""),
        asked.get("namespace", ""),
        asked.get("name", ""),
    )
