"""The connection to one cloud: login, timeouts, pooled sockets, and retries of what may be repeated."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import requests
from keystoneauth1.identity import v3
from keystoneauth1.session import Session
from openstack.connection import Connection
from requests.adapters import HTTPAdapter
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
)

from clients import fence
from clients.openstack.errors import TokenRefused, translated
from federation.errors import RetryableError, SpecInvalid, Throttled, Unavailable

T = TypeVar("T")
_log = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 20.0
RETRIES_S = 30.0
"""Longer than one request may take: a firewall forgets a kept socket, and the next try opens another one."""
_SOCKETS = 32
_backoff = wait_exponential(multiplier=0.25, max=4.0)


class Credentials(Protocol):
    """What opens a cloud: a password, or an application credential."""

    @property
    def auth_url(self) -> str:
        """Address of the identity service, with or without ``/v3``."""

    @property
    def region(self) -> str | None:
        """Region to work in."""

    @property
    def username(self) -> str | None:
        """User, when a password is used."""

    @property
    def password(self) -> str | None:
        """Password of the user."""

    @property
    def project_name(self) -> str | None:
        """Project of the user to work in."""

    @property
    def user_domain_name(self) -> str:
        """Domain of the user."""

    @property
    def project_domain_name(self) -> str:
        """Domain of the project."""

    @property
    def application_credential_id(self) -> str | None:
        """Id of an application credential."""

    @property
    def application_credential_secret(self) -> str | None:
        """Secret of the application credential."""

    @property
    def ca_certificate(self) -> str | None:
        """PEM of the CA certificate to trust, and no other; the system's when left out."""


class CloudConnection:
    """One connection to one project, made at its first use and shared by threads.

    Args:
        credentials: What opens the cloud.
        name: How messages call it.
    """

    def __init__(self, credentials: Credentials, name: str) -> None:
        self.name = name
        self._credentials = credentials
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def read(self, call: Callable[[Connection], T]) -> T:
        """Ask something. Also for deletes and other requests whose repetition changes nothing: failures are retried.

        Raises:
            FlotillaError: As ``clients.openstack.errors`` maps it, after at most 50 s.
        """
        return self._repeated(call, (Unavailable, Throttled))

    def write(self, call: Callable[[Connection], T]) -> T:
        """Create something: repeated only when the cloud says that it has done nothing (429).

        Raises:
            Unavailable: Whether it took effect is unknown; look before the next try.
            FlotillaError: Any other refusal.
        """
        self.open()
        return self._repeated(call, (Throttled,))

    def open(self) -> None:
        """Log in, unless that was done.

        Raises:
            AuthenticationRejected: The credentials are refused.
            Unavailable: The cloud does not answer.
        """
        self.read(lambda _: None)

    def close(self) -> None:
        """Close the sockets."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
            connection.session.session.close()

    def _once(self, call: Callable[[Connection], T]) -> T:
        """One request; keystoneauth itself renews a token for one thread, but not for others that use it meanwhile."""
        fence.ask()
        try:
            with translated(self.name):
                return call(self._open())
        except TokenRefused:
            with translated(self.name):
                return call(self._open())

    def _open(self) -> Connection:
        if not self._lock.acquire(timeout=REQUEST_TIMEOUT_S):
            raise Unavailable(f"{self.name} has not answered a login for {REQUEST_TIMEOUT_S:g} s")
        try:
            if self._connection is None:
                self._connection = _connect(self._credentials)
            return self._connection
        finally:
            self._lock.release()

    def _repeated(self, call: Callable[[Connection], T], passing: tuple[type[RetryableError], ...]) -> T:
        attempts = Retrying(
            retry=retry_if_exception_type(passing),
            stop=stop_before_delay(RETRIES_S) | stop_after_attempt(6),
            wait=_pause_s,
            before_sleep=self._note,
            reraise=True,
        )
        result: T = attempts(self._once, call)
        return result

    def _note(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        _log.info("asking %s again after: %s", self.name, error)


def _pause_s(state: RetryCallState) -> float:
    """The cloud's own wish, or else growing pauses. A wish beyond the time for retries ends them: the caller waits."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.delay_s if isinstance(error, RetryableError) else None
    return float(_backoff(state)) if asked is None else asked


class _Trusting(HTTPAdapter):
    """Pooled sockets that trust one authority, or those of the system."""

    def __init__(self, authority: str | None) -> None:
        self._context = _context(authority) if authority else None
        super().__init__(pool_connections=_SOCKETS, pool_maxsize=_SOCKETS, pool_block=True)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Requests has no other way to trust an authority that is in no file."""
        if self._context is not None:
            options["ssl_context"] = self._context
        super().init_poolmanager(*arguments, **options)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """With an authority of our own its context verifies: requests would add those of the system."""
        if self._context is None:
            super().cert_verify(conn, url, verify, cert)


def _context(authority: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, ValueError):
        raise SpecInvalid("the cloud's ca_certificate is no certificate in PEM; paste the file itself") from None


def _connect(credentials: Credentials) -> Connection:
    """Log in and find the three services, so that threads share what is found once."""
    sockets = requests.Session()
    for scheme in ("http://", "https://"):
        sockets.mount(scheme, _Trusting(credentials.ca_certificate))
    session = Session(
        auth=_auth(credentials),
        session=sockets,
        timeout=REQUEST_TIMEOUT_S,
        app_name="flotilla",
    )
    try:
        connection = Connection(session=session, region_name=credentials.region)
        for service in (connection.network, connection.compute, connection.image):
            service.get_endpoint()
    except BaseException:
        sockets.close()
        raise
    return connection


def _auth(credentials: Credentials) -> Any:
    url = credentials.auth_url.rstrip("/").removesuffix("/v3") + "/v3"
    if credentials.application_credential_id:
        return v3.ApplicationCredential(
            url,
            application_credential_id=credentials.application_credential_id,
            application_credential_secret=credentials.application_credential_secret or "",
        )
    return v3.Password(
        url,
        username=credentials.username,
        password=credentials.password or "",
        project_name=credentials.project_name,
        user_domain_name=credentials.user_domain_name,
        project_domain_name=credentials.project_domain_name,
    )
