"""Bootstrap tokens and the certificates that control planes share, kept in the cluster as kubeadm keeps them.

Source: kubernetes.io, "Authenticating with Bootstrap Tokens", "kubeadm token", "kubeadm init phase upload-certs".
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.kubernetes.api import Api, Object
from sandbox.ssh.membership import ensure, put, secret

TOKEN = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})")
DEFAULT_TTL_S = 24 * 3600.0
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_WRONG_KEY = "cipher: message authentication failed"
_CERTS = "kubeadm-certs"
_PREFIX = "bootstrap-token-"
_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def new_token() -> str:
    """A random token."""
    characters = [secrets.choice(_ALPHABET) for _ in range(22)]
    return "".join(characters[:6]) + "." + "".join(characters[6:])


def parse_duration(text: str) -> float:
    """A Go duration such as 24h0m0s, in seconds; raises ValueError."""
    if text == "0":
        return 0.0
    if not re.fullmatch(r"(\d+(\.\d+)?(h|ms|m|s))+", text):
        raise ValueError(f'time: invalid duration "{text}"')
    return sum(float(n) * _UNITS_S[u] for n, _, u in re.findall(r"(\d+(\.\d+)?)(h|ms|m|s)", text))


def store_token(api: Api, token: str, ttl_s: float) -> None:
    """Keep a token in the cluster; 0 seconds means for ever."""
    identifier, _, password = token.partition(".")
    data = {
        "token-id": identifier,
        "token-secret": password,
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    }
    if ttl_s:
        data["expiration"] = (datetime.now(UTC) + timedelta(seconds=ttl_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ensure(api, "secrets", secret(f"{_PREFIX}{identifier}", data, "bootstrap.kubernetes.io/token"))


def _decoded(obj: Object) -> dict[str, str]:
    return {k: base64.b64decode(v).decode() for k, v in (obj.get("data") or {}).items()}


def stored_tokens(api: Api) -> list[dict[str, str]]:
    """Fields of all tokens that have not expired."""
    rows = [s for s in api.list("secrets", "kube-system") if s.get("type") == "bootstrap.kubernetes.io/token"]
    return [row for row in map(_decoded, rows) if not _expired(row)]


def _expired(row: dict[str, str]) -> bool:
    moment = row.get("expiration")
    return bool(moment) and datetime.fromisoformat(str(moment)) < datetime.now(UTC)


def problem_with(api: Api, token: str) -> str:
    """Why a token does not let a machine join; empty when it does."""
    match = TOKEN.fullmatch(token)
    if match is None:
        return f'the bootstrap token "{token}" was not of the form "\\\\A([a-z0-9]{{6}})\\\\.([a-z0-9]{{16}})\\\\z"'
    row = next((r for r in stored_tokens(api) if r.get("token-id") == match[1]), None)
    if row is None:
        return f'could not find a JWS signature in the cluster-info ConfigMap for token ID "{match[1]}"'
    if row.get("token-secret") != match[2]:
        return "failed to verify JWS signature of received cluster info object, can't trust this API Server"
    return ""


def delete_token(api: Api, identifier: str) -> None:
    """Forget a token. A missing one is no error."""
    api.delete("secrets", f"{_PREFIX}{identifier[:6]}", "kube-system")


def upload_certificates(api: Api, key: str) -> None:
    """Keep the control plane's certificates for two hours, sealed with a key."""
    expiry = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    put(api, "secrets", secret(_CERTS, {"sealed-with": _seal(key), "expiration": expiry}))


def certificates_problem(api: Api, key: str) -> str:
    """Why the certificates cannot be taken with this key; empty when they can."""
    found = api.get("secrets", _CERTS, "kube-system")
    row: dict[str, Any] = _decoded(found) if found else {}
    if found is None or _expired(row):
        return (
            'error downloading certs: error downloading the secret: Secret "kubeadm-certs" was not found in the '
            '"kube-system" Namespace. This Secret might have expired. Please, run `kubeadm init phase upload-certs '
            "--upload-certs` on a control plane to generate a new one"
        )
    if row.get("sealed-with") != _seal(key):
        return f"error downloading certs: error decoding secret data with provided key: {_WRONG_KEY}"
    return ""


def _seal(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def new_certificate_key() -> str:
    """A random key of 32 bytes in hexadecimal."""
    return secrets.token_hex(32)
