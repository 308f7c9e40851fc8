"""Reviews and requests of tokens: what may I, who am I, is this token good, give me one.

Source: kubernetes.io, "Authorization, Checking API access"."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.access.rbac import Attributes, Rbac
from sandbox.kubernetes.access.tokens import ISSUER, Tokens
from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import Cause, invalid, invalid_value
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.schema import builtin
from sandbox.kubernetes.write.metadata import stamp, utc_now

_SHORTEST_S = 600
TOKEN_REQUEST = Resource(
    group="authentication.k8s.io",
    version="v1",
    plural="tokenrequests",
    kind="TokenRequest",
    namespaced=True,
    schema=builtin("io.k8s.api.authentication.v1.TokenRequest"),
    subresources=("status",),
)


def token_request(account: Object, asked: Object, tokens: Tokens) -> Object:
    """The request of a token for an account, answered.

    Raises:
        ApiError: 422 for a token that ends too soon.
    """
    spec = asked["spec"]
    seconds = spec["expirationSeconds"]
    if seconds < _SHORTEST_S:
        cause = invalid_value("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
        raise invalid(asked["kind"], TOKEN_REQUEST.group, "", [cause])
    now = utc_now()
    named = {name: account["metadata"][name] for name in ("name", "namespace")}
    token = tokens.issue(account, seconds, spec.get("audiences"), spec.get("boundObjectRef"))
    return {
        **asked,
        "metadata": {**asked["metadata"], **named, "uid": str(uuid.uuid4()), "creationTimestamp": stamp(now)},
        "spec": {"audiences": [ISSUER], "boundObjectRef": None, **spec},
        "status": {"token": token, "expirationTimestamp": stamp(now + timedelta(seconds=seconds))},
    }


def review(kind: str, obj: Object, user: User, rbac: Rbac, tokens: Tokens) -> Object:
    """The review with its status filled in.

    Raises:
        ApiError: 422 when the review asks nothing.
    """
    spec: Object = obj.get("spec") or {}
    if kind == "SelfSubjectReview":
        metadata = {**obj["metadata"], "creationTimestamp": stamp(utc_now())}
        return {**obj, "metadata": metadata, "status": {"userInfo": _info(user)}}
    if kind == "TokenReview":
        return {**obj, "status": _token_status(spec, tokens)}
    if kind == "SelfSubjectRulesReview":
        return {**obj, "status": _rules_status(spec, user, rbac)}
    if causes := list(_unclear(kind, spec)):
        raise invalid("", "authorization.k8s.io", "", causes)
    subject = user if kind == "SelfSubjectAccessReview" else User(spec.get("user", ""), tuple(spec.get("groups") or ()))
    return {**obj, "status": {"allowed": rbac.allows(subject, _wanted(spec))}}


def _unclear(kind: str, spec: Object) -> Iterator[Cause]:
    if not spec.get("nonResourceAttributes") and spec.get("resourceAttributes") is None:
        told = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        yield invalid_value("spec.resourceAttributes", None, told)
    if kind != "SelfSubjectAccessReview" and not spec.get("user") and not spec.get("groups"):
        yield invalid_value("spec.user", "", "at least one of user or group must be specified")


def _info(user: User) -> Object:
    info: Object = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        info["uid"] = user.uid
    if user.credential:
        info["extra"] = {"authentication.kubernetes.io/credential-id": [user.credential]}
    return info


def _token_status(spec: Object, tokens: Tokens) -> Object:
    user = tokens.user(spec.get("token", ""))
    if user is None:
        return {"error": "invalid bearer token", "user": {}}
    return {"authenticated": True, "user": _info(user), "audiences": spec.get("audiences") or [ISSUER]}


def _rules_status(spec: Object, user: User, rbac: Rbac) -> Object:
    everything = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    rules: list[Any] = everything if user.is_master else list(rbac.rules(user, spec.get("namespace", "")))
    return {
        "resourceRules": [rule for rule in rules if rule.get("resources")],
        "nonResourceRules": [rule for rule in rules if rule.get("nonResourceURLs")],
        "incomplete": False,
    }


def _wanted(spec: Object) -> Attributes:
    if path := spec.get("nonResourceAttributes"):
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    asked = spec["resourceAttributes"]
    return Attributes(
        asked.get("verb", ""),
        asked.get("group", ""),
        asked.get("resource", ""),
        asked.get("subresource", ""),
        asked.get("namespace", ""),
        asked.get("name", ""),
    )
