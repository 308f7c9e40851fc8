"""One connection pool to one API server: a request goes out, JSON or one of our errors comes back."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import tenacity
from kubernetes.client import Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.client.rest import RESTClientObject

from clients import fence
from clients.kubernetes.errors import Request, from_exception, from_response
from clients.kubernetes.kubeconfig import Access
from clients.kubernetes.tls import tls_context
from clients.round_trip import RoundTrip
from federation.errors import RetryableError, Throttled, Unavailable

RETRY_BUDGET_S = 30.0
"""Nearby, no attempt begins later than this after the first one."""

_ATTEMPTS = 4
_HANDSHAKE_TRIPS, _ANSWER_TRIPS, _BUDGET_TRIPS = 10, 20, 30
"""Round trips that are allowed for on top: TCP and TLS take three and an answer one, but packets get lost."""
_CONNECTIONS = 8
_BACKOFF = tenacity.wait_exponential_jitter(multiplier=0.2, max=5.0)


@dataclass(frozen=True)
class Timeouts:
    """Seconds until a connection must stand (TLS included) and until bytes must arrive on it, on a link nearby.

    A link with a round trip of 3 s needs 9 s for TCP and TLS alone. Until it was measured, each further attempt is
    given twice the time of the one before.
    """

    connect_s: float = 10.0
    read_s: float = 30.0


@dataclass(frozen=True)
class Call:
    """A request that is to be sent.

    Attributes:
        retry: Whether it may be sent again when its effect is unknown.
        patience: So many times the usual time is allowed for, while the link was not measured.
        text: Whether the answer is plain text instead of JSON.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    content_type: str = "application/json"
    retry: bool = True
    patience: float = 1.0
    text: bool = False


class Transport:
    """Thread-safe; connections are kept and reused."""

    def __init__(self, access: Access, timeouts: Timeouts, round_trip: RoundTrip | None = None) -> None:
        configuration = Configuration(host=access.server)
        configuration.retries = False
        configuration.connection_pool_maxsize = _CONNECTIONS
        configuration.keep_alive = True
        configuration.tls_server_name = access.server_name
        if _is_loopback(access.server):
            configuration.proxy = None
        self._rest: Any = RESTClientObject(configuration)
        self._rest.pool_manager.connection_pool_kw["ssl_context"] = tls_context(access)
        self._headers = {"Accept": "application/json", "User-Agent": "flotilla"}
        if access.token:
            self._headers["Authorization"] = f"Bearer {access.token}"
        self._server = access.server
        self._timeouts = timeouts
        self.round_trip = round_trip or RoundTrip()

    @property
    def server(self) -> str:
        """URL of the API server."""
        return self._server

    def send(self, call: Call) -> Any:
        """Send a request; what is safe to repeat is repeated, within 30 s and some round trips of the link.

        Raises:
            Unavailable: No answer, or one that says the server could not. The effect of a write is unknown.
            Throttled, Conflict, NotReadyYet, AuthenticationRejected, Rejected, QuotaExceeded: As the server says.
        """
        repeatable = (Throttled, Unavailable) if call.retry else Throttled
        budget_s = self.round_trip.allow(RETRY_BUDGET_S, _BUDGET_TRIPS)
        for attempt in tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(repeatable),
            stop=tenacity.stop_before_delay(budget_s) | tenacity.stop_after_attempt(_ATTEMPTS),
            wait=_pause_s,
            reraise=True,
        ):
            with attempt:
                return self.send_once(replace(call, patience=2.0 ** (attempt.retry_state.attempt_number - 1)))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def send_once(self, call: Call) -> Any:
        """Send a request exactly once."""
        from urllib3.exceptions import HTTPError

        fence.ask()
        request = Request(call.method, call.path, urlsplit(self._server).netloc, "/secrets" in call.path)
        query = f"?{urlencode(call.query)}" if call.query else ""
        try:
            with self.round_trip.measured():
                response = self._rest.request(
                    call.method,
                    f"{self._server}{call.path}{query}",
                    headers=self._headers | ({} if call.body is None else {"Content-Type": call.content_type}),
                    body=call.body,
                    _request_timeout=self._limits(call.patience),
                )
                body = response.read()
        except (ApiException, HTTPError, OSError) as error:
            raise from_exception(request, error) from error
        if not 200 <= response.status <= 299:
            raise from_response(request, response.status, response.headers, body)
        return body.decode(errors="replace") if call.text else _decoded(request, body)

    def _limits(self, patience: float) -> tuple[float, float]:
        """Seconds for a connection and for an answer."""
        nearby, far = self._timeouts, self.round_trip
        more = patience if far.seconds == 0.0 else 1.0
        return (
            far.allow(nearby.connect_s * more, _HANDSHAKE_TRIPS),
            far.allow(nearby.read_s * more, _ANSWER_TRIPS),
        )

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()


def _decoded(request: Request, body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise Unavailable(f"{request}: the answer is not JSON; is something between us and the API?") from error


def _pause_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryableError) and error.delay_s is not None:
        return error.delay_s
    return float(_BACKOFF(state))


def _is_loopback(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
