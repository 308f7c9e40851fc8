"""Helm's words and ours."""

from __future__ import annotations

import pytest

from clients.helm.errors import ReleaseNotFound, from_complaint
from clients.helm.release import parse_releases
from federation.errors import (
    AuthenticationRejected,
    Conflict,
    FlotillaError,
    NotReadyYet,
    Rejected,
    SpecInvalid,
    Unavailable,
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Error: release: not found", ReleaseNotFound),
        ('Error: UPGRADE FAILED: "x" has no deployed releases', ReleaseNotFound),
        ("Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress", Conflict),
        ("Error: INSTALLATION FAILED: cannot re-use a name that is still in use", Conflict),
        ("Error: Kubernetes cluster unreachable: Get https://x: dial tcp: connect: connection refused", Unavailable),
        ("Error: context deadline exceeded", Unavailable),
        ("Error: Kubernetes cluster unreachable: the server has asked for the client to provide credentials",
         AuthenticationRejected),
        ("Error: tls: failed to verify certificate: x509: certificate signed by unknown authority",
         AuthenticationRejected),
        ("Error: chart \"x\" version \"9\" not found in https://x repository", SpecInvalid),
        ("Error: execution error at (liqo/templates/x.yaml:1:7): clusterID must be set", SpecInvalid),
        ("Error: values don't meet the specifications of the schema(s)", SpecInvalid),
        ("Error: namespaces \"x\" is being terminated", NotReadyYet),
        ("Error: conflict occurred while applying object default/x: Apply failed with 1 conflict", Rejected),
    ],
)  # fmt: skip
def test_complaint_becomes_the_error_that_it_stands_for(text: str, kind: type[FlotillaError]) -> None:
    """What may be tried again is told from what may not."""
    error = from_complaint("upgrade of release a/b", text)
    assert type(error) is kind
    assert str(error).startswith("upgrade of release a/b: ")


def test_long_complaint_is_cut() -> None:
    """A message stays one line that an operator reads."""
    assert len(str(from_complaint("install", "x\n" * 1000))) <= 400


def test_releases_are_read_in_both_shapes() -> None:
    """The program writes chart and version as one word, the library apart."""
    program = {"name": "n", "namespace": "s", "revision": "3", "status": "deployed", "chart": "ingress-nginx-4.13.3"}
    library = {
        "name": "n",
        "namespace": "s",
        "version": 3,
        "status": "deployed",
        "chart": "ingress-nginx",
        "chart_version": "4.13.3",
    }
    assert parse_releases([program]) == parse_releases([library])
    assert parse_releases([program | {"chart": "liqo-v1.2.0"}])[0].version == "v1.2.0"
