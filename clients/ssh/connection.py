"""The authenticated SSH transport to one machine; the one place where paramiko's errors become ours."""

from __future__ import annotations

import base64
import binascii
import io
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import paramiko
from paramiko.ssh_exception import AuthenticationException, IncompatiblePeer
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from clients.round_trip import RoundTrip
from federation.errors import AuthenticationRejected, HostKeyMismatch, HostUnreachable, SpecInvalid

_KEY_CLASSES = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_LOG_CHANNEL = "paramiko.flotilla"
# Its errors reach the caller as ours; it would log each of them again, with a traceback.
logging.getLogger(_LOG_CHANNEL).setLevel(logging.CRITICAL)
_RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")
_STAGE_TRIPS = 15


class Login(Protocol):
    """How to log in to a machine. ``host_key`` is the pinned public key, ``private_key`` OpenSSH text."""

    @property
    def address(self) -> str:
        """Name or address of the machine."""

    @property
    def port(self) -> int:
        """TCP port of its SSH server."""

    @property
    def user(self) -> str:
        """Remote user."""

    @property
    def host_key(self) -> str:
        """Pinned public key, ``ssh-ed25519 AAAA…``."""

    @property
    def private_key(self) -> str:
        """Private key in OpenSSH's or PEM format."""


@dataclass(frozen=True)
class Timeouts:
    """How long each stage of a connection may take nearby, in seconds, and how often a silent link is probed."""

    connect_s: float = 10.0
    handshake_s: float = 20.0
    auth_s: float = 20.0
    keepalive_s: int = 15

    def over(self, round_trip: RoundTrip) -> Timeouts:
        """The same over a link of this length: each stage takes some round trips, and packets get lost."""
        return replace(
            self,
            handshake_s=round_trip.allow(self.handshake_s, _STAGE_TRIPS),
            auth_s=round_trip.allow(self.auth_s, _STAGE_TRIPS),
        )


class _Dropped(HostUnreachable):
    """The server hung up during the handshake, as sshd does when too many log in at once (MaxStartups)."""


def place_of(login: Login) -> str:
    """The machine in messages: ``user@address:port``."""
    return f"{login.user}@{login.address}:{login.port}"


def open_transport(login: Login, timeouts: Timeouts) -> paramiko.Transport:
    """Connect, check the pinned host key, then log in; a handshake that the server drops is tried three times.

    Raises:
        HostUnreachable: Refused, dropped or silent.
        HostKeyMismatch: The machine shows another key than the pinned one; nothing was sent to it.
        AuthenticationRejected: The server refused user or key.
        SpecInvalid: The pinned key or the private key cannot be read.
    """
    private_key = _private_key(login.private_key)
    pinned = _pinned_key(login.host_key)
    for attempt in Retrying(
        retry=retry_if_exception_type(_Dropped),
        stop=stop_after_attempt(3),
        wait=wait_random_exponential(multiplier=0.2, max=2.0),
        reraise=True,
    ):
        with attempt:
            return _log_in(login, pinned, private_key, timeouts)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _log_in(
    login: Login, pinned: tuple[str, bytes], private_key: paramiko.PKey, timeouts: Timeouts
) -> paramiko.Transport:
    round_trip = RoundTrip()
    with _our_errors(login):
        with round_trip.measured():
            connection = socket.create_connection((login.address, login.port), timeout=timeouts.connect_s)
        timeouts = timeouts.over(round_trip)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(connection)
        try:
            _set_up(transport, pinned[0], timeouts)
            transport.start_client(timeout=timeouts.handshake_s)
            _check_host_key(transport.get_remote_server_key(), pinned, login)
            transport.auth_publickey(login.user, private_key)
            transport.set_keepalive(timeouts.keepalive_s)
        except BaseException:
            transport.close()
            raise
        return transport


def _set_up(transport: paramiko.Transport, key_type: str, timeouts: Timeouts) -> None:
    transport.daemon = True
    transport.set_log_channel(_LOG_CHANNEL)
    transport.banner_timeout = timeouts.handshake_s
    transport.handshake_timeout = timeouts.handshake_s
    transport.auth_timeout = timeouts.auth_s
    offered = _RSA_SIGNATURES if key_type == "ssh-rsa" else (key_type,)
    transport.get_security_options().key_types = offered


def _check_host_key(shown: paramiko.PKey, pinned: tuple[str, bytes], login: Login) -> None:
    if shown.asbytes() != pinned[1]:
        raise HostKeyMismatch(
            f"{place_of(login)} shows another SSH host key ({shown.fingerprint}) than the pinned one; "
            "recreate the machine, or correct the pinned key if the machine was replaced on purpose"
        )


@contextmanager
def _our_errors(login: Login) -> Iterator[None]:
    place = place_of(login)
    try:
        yield
    except IncompatiblePeer as error:
        if "host key" in str(error):
            raise HostKeyMismatch(f"{place} has no SSH host key of the pinned type") from error
        raise HostUnreachable(f"{place} speaks no common SSH algorithm") from error
    except AuthenticationException as error:
        if "timeout" in str(error).lower():
            raise HostUnreachable(f"{place} did not answer the login") from error
        raise AuthenticationRejected(f"{place} refuses the key") from error
    except ConnectionResetError as error:
        raise _Dropped(f"{place} dropped the connection") from error
    except OSError as error:
        raise HostUnreachable(f"{place} cannot be reached: {error.strerror or type(error).__name__}") from error
    except (paramiko.SSHException, EOFError) as error:
        raise _Dropped(f"{place} dropped the SSH handshake") from error


def _pinned_key(line: str) -> tuple[str, bytes]:
    try:
        key_type, encoded = line.split()[:2]
        return key_type, base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise SpecInvalid("the pinned host key is not of the form 'ssh-ed25519 AAAA…'") from None


def _private_key(text: str) -> paramiko.PKey:
    for key_class in _KEY_CLASSES:
        try:
            return key_class.from_private_key(io.StringIO(text))
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise SpecInvalid("the SSH private key cannot be read; give an OpenSSH key without a passphrase")
