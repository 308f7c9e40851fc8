"""The errors of the house, in two branches: what may be tried again in this run, and what may not.

FlotillaError
├── RetryableError(delay_s)          the same call may succeed in a moment
│   ├── Unavailable                  5xx but 501, connection lost or refused, timed out: the effect is unknown
│   ├── Throttled                    429, with the server's Retry-After when it gave one
│   ├── Conflict                     409 of two writers
│   ├── NotReadyYet                  the object is there, what was asked of it is not yet possible
│   └── HostUnreachable              SSH refused, dropped or silent
└── TerminalError(reason)            no retry in this run; the next reconcile looks again
    ├── SpecInvalid                  what the user asked for cannot be
    ├── Unsupported                  a provider cannot do this at all
    ├── AuthenticationRejected       401, 403, refused key
    ├── HostKeyMismatch              the machine is not the one that was pinned
    ├── QuotaExceeded                the cloud refuses more
    ├── Rejected                     any other refusal of a server: 400, 422 …
    ├── CommandFailed                a remote command ended with an error
    ├── LeaseLost                    another run took over: this one may not write any more
    ├── DeadlineExceeded             an action did not end in its time
    └── StillWaiting                 an action has done its part; what it waits for has not moved for long

``reason`` is UpperCamelCase and stable: it becomes the reason of a condition unchanged (docs/conditions.md).
"""

from __future__ import annotations


class FlotillaError(Exception):
    """Any error that Flotilla raises on purpose. ``str(error)`` is one sentence for an operator."""

    reason: str = "InternalError"


class RetryableError(FlotillaError):
    """May be tried again in this run, after ``delay_s`` seconds when the other side asked for a pause."""

    reason = "Retrying"

    def __init__(self, message: str, *, delay_s: float | None = None) -> None:
        super().__init__(message)
        self.delay_s = delay_s


class Unavailable(RetryableError):
    """The other side did not answer or could not: whether a write took effect is unknown."""

    reason = "Unavailable"


class Throttled(RetryableError):
    """The other side asks for fewer requests."""

    reason = "Throttled"


class Conflict(RetryableError):
    """Another writer was faster; read again, then decide again."""

    reason = "Conflict"


class NotReadyYet(RetryableError):
    """What is needed first is not there yet."""

    reason = "NotReadyYet"


class HostUnreachable(RetryableError):
    """SSH was refused, dropped or silent."""

    reason = "HostUnreachable"


class TerminalError(FlotillaError):
    """No retry in this run. Never sticky: the next scheduled run looks again."""

    reason = "Failed"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        if reason is not None:
            self.reason = reason


class SpecInvalid(TerminalError):
    """What was asked for cannot be; the message names the field and the fix."""

    reason = "SpecInvalid"


class Unsupported(TerminalError):
    """The chosen provider cannot do this."""

    reason = "Unsupported"


class AuthenticationRejected(TerminalError):
    """Credentials were refused."""

    reason = "AuthenticationRejected"


class HostKeyMismatch(TerminalError):
    """The machine shows another SSH host key than the pinned one."""

    reason = "HostKeyMismatch"


class QuotaExceeded(TerminalError):
    """The cloud refuses to give more."""

    reason = "QuotaExceeded"


class Rejected(TerminalError):
    """The server understood and refused (400, 403 by admission, 422 …)."""

    reason = "Rejected"


class CommandFailed(TerminalError):
    """A remote command ended with an error. ``log_tail`` is redacted output for the run's log."""

    reason = "CommandFailed"

    def __init__(self, message: str, *, exit_code: int, log_tail: str = "", reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.exit_code = exit_code
        self.log_tail = log_tail


class LeaseLost(TerminalError):
    """The lease of this run has passed to another one."""

    reason = "LeaseLost"


class DeadlineExceeded(TerminalError):
    """An action did not reach its goal in its time; the message says what it waited for."""

    reason = "DeadlineExceeded"


class StillWaiting(TerminalError):
    """An action did its part, and what it waits for shows no progress: the run goes on without it."""

    reason = "StillWaiting"
