"""Foreign errors to ours: the one place that knows what the Kubernetes API means by its refusals.

Source: kubernetes.io, "Kubernetes API Concepts"; k8s.io/apimachinery, StatusReason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from federation.errors import (
    AuthenticationRejected,
    Conflict,
    FlotillaError,
    NotReadyYet,
    QuotaExceeded,
    Rejected,
    Throttled,
    Unavailable,
)

_MESSAGE_LENGTH = 300


class NotFound(Rejected):
    """404; reads and deletes turn it into an answer."""

    reason = "NotFound"


class BudgetSpent(Throttled):
    """429: a disruption budget does not let a pod go now. ``budget`` is the server's sentence about it, by name."""

    def __init__(self, message: str, budget: str, *, delay_s: float | None = None) -> None:
        super().__init__(message, delay_s=delay_s)
        self.budget = budget


class Expired(Unavailable):
    """410: the page or the version that was asked for is gone; list again from the start."""


@dataclass(frozen=True)
class Request:
    """What was asked, for the words of an error.

    Attributes:
        secret: The object holds credentials, so the server's own words are not repeated.
    """

    method: str
    path: str
    host: str
    secret: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path} on {self.host}"


def from_response(request: Request, status: int, headers: Mapping[str, str], body: bytes) -> FlotillaError:
    """The error that a refusal stands for."""
    answer = _status_object(body)
    said = answer.get("message") or body[:_MESSAGE_LENGTH].decode(errors="replace")
    words = f"{request}: {status}" + ("" if request.secret else f" {said}"[:_MESSAGE_LENGTH])
    if status == 429:
        return _throttled(words, answer, _retry_after_s(headers))
    if status == 403:
        return _forbidden(words, answer)
    if status == 500 and "failed to create typed patch object" in str(said):
        return Rejected(words)  # the server's word for an apply that its schema does not know
    if status >= 500 and status != 501:
        return Unavailable(words, delay_s=_retry_after_s(headers))
    return _BY_STATUS.get(status, Rejected)(words)


_BY_STATUS: Mapping[int, type[FlotillaError]] = {
    401: AuthenticationRejected,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    410: Expired,
}


def _throttled(words: str, answer: Mapping[str, Any], delay_s: float | None) -> Throttled:
    """Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go: the cause names the budget."""
    causes = (answer.get("details") or {}).get("causes") or ()
    budget = next((str(each.get("message", "")) for each in causes if each.get("reason") == "DisruptionBudget"), None)
    return Throttled(words, delay_s=delay_s) if budget is None else BudgetSpent(words, budget, delay_s=delay_s)


def _forbidden(words: str, answer: Mapping[str, Any]) -> FlotillaError:
    message = str(answer.get("message", ""))
    causes = (answer.get("details") or {}).get("causes") or ()
    if any(cause.get("reason") == "NamespaceTerminating" for cause in causes) or _is_ending(message):
        return NotReadyYet(words)
    if "exceeded quota" in message:
        return QuotaExceeded(words)
    if "admission" in message or "denied the request" in message or "violates PodSecurity" in message:
        return Rejected(words)
    return AuthenticationRejected(words)


def _is_ending(message: str) -> bool:
    return "being terminated" in message or "custom resource definition is terminating" in message


def from_exception(request: Request, error: Exception) -> FlotillaError:
    """The error that a broken, refused or silent connection stands for."""
    words = f"{request}: {_innermost(error)}"[:_MESSAGE_LENGTH]
    if "CERTIFICATE_VERIFY_FAILED" in str(error) and "not yet valid" not in str(error):
        return AuthenticationRejected(f"{words}; is this still the cluster that the kubeconfig was made for?")
    return Unavailable(words)


def _innermost(error: Exception) -> str:
    text = str(getattr(error, "reason", None) or error)
    _, _, last = text.rpartition(": ")
    return last or type(error).__name__


def _status_object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None
