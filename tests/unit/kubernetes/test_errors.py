"""Refusals of the API become errors of the house."""

from __future__ import annotations

import json

import pytest

from clients.kubernetes.errors import Expired, NotFound, Request, from_response
from federation.errors import (
    AuthenticationRejected,
    Conflict,
    NotReadyYet,
    QuotaExceeded,
    Rejected,
    Throttled,
    Unavailable,
)

TERMINATING = {"causes": [{"reason": "NamespaceTerminating"}]}
CASES = [
    (401, "Unauthorized", {}, AuthenticationRejected),
    (403, 'pods is forbidden: User "x" cannot list resource', {}, AuthenticationRejected),
    (403, "unable to create new content in namespace x", TERMINATING, NotReadyYet),
    (403, "unable to create new content in namespace x because it is being terminated", {}, NotReadyYet),
    (403, "create not allowed while custom resource definition is terminating", {}, NotReadyYet),
    (403, "pods is forbidden: exceeded quota: small", {}, QuotaExceeded),
    (403, 'admission webhook "v.io" denied the request: no', {}, Rejected),
    (400, "bad", {}, Rejected),
    (404, "not found", {}, NotFound),
    (408, "slow", {}, Unavailable),
    (409, "the object has been modified", {}, Conflict),
    (410, "expired", {}, Expired),
    (422, "invalid", {}, Rejected),
    (429, "slow down", {}, Throttled),
    (500, "Internal error occurred: failed calling webhook", {}, Unavailable),
    (501, "not implemented", {}, Rejected),
    (503, "no", {}, Unavailable),
    (504, "timeout", {}, Unavailable),
]


@pytest.mark.parametrize(("status", "message", "details", "expected"), CASES)
def test_each_refusal_has_its_error(status: int, message: str, details: dict[str, object], expected: type[Exception]):
    """The error tells whether it may be tried again."""
    body = json.dumps({"kind": "Status", "message": message, "details": details}).encode()
    error = from_response(Request("GET", "/api/v1/pods", "k:6443"), status, {"Retry-After": "7"}, body)
    assert type(error) is expected
    assert message in str(error)
    assert getattr(error, "delay_s", None) == (7.0 if (status >= 500 and status != 501) or status == 429 else None)


def test_an_apply_that_the_schema_does_not_know_is_not_tried_again():
    """A real API server answers 500 to it, as to its own troubles."""
    body = b'{"message": "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .datas: field not declared"}'
    assert type(from_response(Request("PATCH", "/", "k"), 500, {}, body)) is Rejected


def test_an_answer_that_is_not_json_is_told_as_it_is():
    """A proxy's error page does not break the mapping."""
    error = from_response(Request("GET", "/", "k"), 502, {}, b"<html>bad gateway</html>")
    assert isinstance(error, Unavailable)
    assert "bad gateway" in str(error)
