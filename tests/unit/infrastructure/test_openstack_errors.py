"""Refusals of a cloud as errors of the house."""

from __future__ import annotations

import pytest

from clients.openstack.errors import NotFound, from_status
from federation.errors import (
    AuthenticationRejected,
    Conflict,
    FlotillaError,
    QuotaExceeded,
    Rejected,
    Throttled,
    Unavailable,
    Unsupported,
)

NOVA_QUOTA = "Quota exceeded for cores, instances: Requested 4, 1, but already used 18, 10 of 20, 10 cores, instances"


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (400, "Invalid input for field/attribute name.", Rejected),
        (401, "The request you have made requires authentication.", AuthenticationRejected),
        (403, "Policy doesn't allow os_compute_api:servers:create to be performed.", AuthenticationRejected),
        (403, NOVA_QUOTA, QuotaExceeded),
        (403, "Maximum number of ports exceeded", QuotaExceeded),
        (404, "Network 1 could not be found.", NotFound),
        (408, "Timed out", Unavailable),
        (409, "Unable to complete operation on network 1. There are one or more ports still in use.", Conflict),
        (409, "Quota exceeded for resources: ['port'].", QuotaExceeded),
        (409, "No more IP addresses available on network 1.", QuotaExceeded),
        (413, "This request was rate-limited.", Throttled),
        (422, "Unprocessable", Rejected),
        (429, "Too many requests", Throttled),
        (500, "Unexpected API Error.", Unavailable),
        (501, "Not implemented", Unsupported),
        (502, "Bad gateway", Unavailable),
        (503, "Service unavailable", Unavailable),
    ],
)
def test_status_and_wording_decide(status: int, message: str, expected: type[FlotillaError]) -> None:
    """The same status means different things when the cloud speaks of quota."""
    error = from_status("cloud lab", status, message, {})
    assert type(error) is expected
    assert message in str(error)


@pytest.mark.parametrize(
    ("headers", "delay_s"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Sat, 21 Nov 2026 04:00:30 GMT", "Date": "Sat, 21 Nov 2026 04:00:00 GMT"}, 30.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_pause_that_the_cloud_asks_for_is_kept(headers: dict[str, str], delay_s: float | None) -> None:
    """A number of seconds, or a date by the cloud's own clock."""
    error = from_status("cloud lab", 429, "Too many requests", headers)
    assert isinstance(error, Throttled)
    assert error.delay_s == delay_s


def test_long_message_is_cut() -> None:
    """A page of HTML does not become a condition's message."""
    assert len(str(from_status("cloud lab", 500, "x" * 10_000, {}))) < 400
