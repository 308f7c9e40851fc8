"""Errors of openstacksdk, keystoneauth and requests, turned into ours in this one place.

Sources: docs.openstack.org/api-ref (status codes of compute, network and identity); the wordings of quota refusals are
those of nova's and neutron's exception modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import requests
from keystoneauth1 import exceptions as keystone
from openstack import exceptions as sdk

from federation.errors import (
    AuthenticationRejected,
    Conflict,
    FlotillaError,
    QuotaExceeded,
    Rejected,
    RetryableError,
    Throttled,
    Unavailable,
    Unsupported,
)

_QUOTA = re.compile(
    r"quota|overlimit|maximum number of (ports|fixed|instances|key pairs|server)|no more ip addresses|no valid host",
    re.IGNORECASE,
)
_LONGEST_MESSAGE = 300


class NotFound(Conflict):
    """404: there is no such object. Reads turn it into None, deletes into success; for the rest somebody was faster."""

    reason = "NotFound"


class TokenRefused(AuthenticationRejected):
    """401 of a service: the token has run out. Nothing was done, so the request may be sent again with a new one."""


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Let only errors of the house out; ``place`` names the cloud in their messages."""
    try:
        yield
    except sdk.HttpException as error:
        ours = from_status(place, *_parts(error))
        raise (TokenRefused(str(ours)) if error.status_code == HTTPStatus.UNAUTHORIZED else ours) from error
    except keystone.HttpError as error:
        raise _login_refused(place, from_status(place, *_parts(error))) from error
    except (sdk.NotSupported, sdk.ServiceDisabledException, keystone.EndpointNotFound) as error:
        raise Unsupported(f"{place} lacks a service: {_short(error)}") from error
    except keystone.SSLError as error:
        raise Rejected(f"{place} shows a certificate that is not trusted: {_short(error)}") from error
    except (keystone.AuthorizationFailure, keystone.AuthPluginException) as error:
        raise AuthenticationRejected(f"{place} cannot be logged in to: {_short(error)}") from error
    except (keystone.ClientException, sdk.SDKException, requests.RequestException) as error:
        raise Unavailable(f"{place} cannot be reached or gave no sense: {_short(error)}") from error


def _login_refused(place: str, refusal: FlotillaError) -> FlotillaError:
    """Only logins and discovery end here; a 404 of those is no missing object: the credential is gone, say."""
    if isinstance(refusal, NotFound | Rejected):
        return AuthenticationRejected(f"{place} cannot be logged in to: {refusal}")
    return refusal


def from_status(place: str, status: int, message: str, headers: Mapping[str, Any]) -> FlotillaError:
    """The error for a refusal.

    Args:
        place: Name of the cloud.
        status: HTTP status.
        message: What the service said.
        headers: Of the response; ``Retry-After`` is read.
    """
    said = f"{place} answered {status}: {message[:_LONGEST_MESSAGE]}"
    if status in (403, 409, 413) and is_about_quota(message):
        return QuotaExceeded(said)
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(said)
    if status in _TERMINAL:
        return _TERMINAL[status](said)
    if status in _RETRYABLE:
        return _RETRYABLE[status](said, delay_s=_retry_after_s(headers))
    return Unavailable(said, delay_s=_retry_after_s(headers)) if status >= 500 else Rejected(said)


def is_about_quota(message: str) -> bool:
    """Whether a refusal or fault says that the cloud gives no more."""
    return _QUOTA.search(message) is not None


_TERMINAL: dict[int, type[AuthenticationRejected | Unsupported]] = {
    401: AuthenticationRejected,
    403: AuthenticationRejected,
    501: Unsupported,
}
_RETRYABLE: dict[int, type[RetryableError]] = {
    408: Unavailable,
    409: Conflict,
    412: Conflict,
    413: Throttled,
    429: Throttled,
}


def _parts(error: Any) -> tuple[int, str, Mapping[str, Any]]:
    status = getattr(error, "status_code", None) or getattr(error, "http_status", None) or 500
    message = getattr(error, "details", None) or getattr(error, "message", None) or str(error)
    response = getattr(error, "response", None)
    return int(status), str(message), response.headers if response is not None else {}


def _retry_after_s(headers: Mapping[str, Any]) -> float | None:
    """Seconds of a Retry-After header: a number, or a date that is compared with the response's own Date."""
    after = headers.get("Retry-After")
    if after is None:
        return None
    try:
        if str(after).strip().isdigit():
            return float(after)
        delay = parsedate_to_datetime(str(after)) - parsedate_to_datetime(str(headers.get("Date")))
        return max(delay.total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def _short(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0][:_LONGEST_MESSAGE]
