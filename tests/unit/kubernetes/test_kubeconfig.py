"""Kubeconfig text is checked before anything is sent."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from clients.kubernetes.kubeconfig import parse_kubeconfig
from clients.kubernetes.tls import tls_context
from federation.errors import SpecInvalid, Unsupported


def kubeconfig(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, context: str = "c") -> str:
    return yaml.safe_dump(
        {
            "current-context": context,
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {"server": "https://k:6443"} | (cluster or {})}],
            "users": [{"name": "u", "user": user or {"token": "t0ken"}}],
        }
    )


def test_the_current_context_is_read():
    """Server, names and token come from the current context, and the repr shows no secret."""
    access = parse_kubeconfig(kubeconfig({"tls-server-name": "kubernetes"}))
    assert (access.server, access.token, access.server_name) == ("https://k:6443", "t0ken", "kubernetes")
    assert "t0ken" not in repr(access)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("{", SpecInvalid, "not YAML"),
        ("- a", SpecInvalid, "not YAML of kind Config"),
        (kubeconfig(context="x"), SpecInvalid, "current-context"),
        (kubeconfig({"server": "http://k"}), SpecInvalid, "https"),
        (kubeconfig({"insecure-skip-tls-verify": True}), SpecInvalid, "skips TLS"),
        (kubeconfig({"certificate-authority": "/ca.crt"}), Unsupported, "CA file"),
        (kubeconfig(user={"exec": {"command": "aws"}}), Unsupported, "'exec'"),
        (kubeconfig({"certificate-authority-data": "%%%é"}), SpecInvalid, "base64"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_fix(text: str, error: type[Exception], words: str):
    """Each refusal says what is wrong."""
    with pytest.raises(error, match=words):
        parse_kubeconfig(text)


def test_a_certificate_that_is_none_is_refused():
    """Garbage in place of a CA is told as such, without the garbage."""
    data = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n").decode()
    with pytest.raises(SpecInvalid) as caught:
        tls_context(parse_kubeconfig(kubeconfig({"certificate-authority-data": data})))
    assert "hunter2" not in str(caught.value)
