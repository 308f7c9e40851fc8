"""Bearer tokens: signed ones of service accounts, and bootstrap tokens kept as Secrets.

Source: kubernetes.io, "Managing Service Accounts" and "Authenticating with Bootstrap Tokens".
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from sandbox.kubernetes.access.identity import User
from sandbox.kubernetes.api import Object
from sandbox.kubernetes.kinds.paths import look
from sandbox.kubernetes.store import Store

ISSUER = "https://kubernetes.default.svc.cluster.local"
_HALF = 32
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_ALGORITHM = ec.ECDSA(hashes.SHA256())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def new_bootstrap_token() -> str:
    """A token in kubeadm's form, six and sixteen characters."""
    return ".".join("".join(secrets.choice(_ALPHABET) for _ in range(length)) for length in (6, 16))


class Tokens:
    """Issues and reads the tokens of one cluster."""

    def __init__(self, store: Store, key: ec.EllipticCurvePrivateKey, now: Callable[[], datetime]) -> None:
        self._store = store
        self.key = key
        self._now = now

    def issue(
        self, account: Object, seconds: int | None, audiences: list[str] | None = None, bound: Object | None = None
    ) -> str:
        """A signed token (JWT, ES256) of a service account; without seconds it does not expire."""
        metadata = account["metadata"]
        issued = int(self._now().timestamp())
        private: Object = {
            "namespace": metadata["namespace"],
            "serviceaccount": {"name": metadata["name"], "uid": metadata["uid"]},
        }
        if bound:
            private[bound["kind"].lower()] = {"name": bound["name"], "uid": bound.get("uid", "")}
        claims: Object = {
            "iss": ISSUER,
            "sub": f"system:serviceaccount:{metadata['namespace']}:{metadata['name']}",
            "aud": audiences or [ISSUER],
            "iat": issued,
            "nbf": issued,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": private,
        }
        if seconds is not None:
            claims["exp"] = issued + seconds
        return self._sign(claims)

    def user(self, token: str) -> User | None:
        """Who a token stands for; None when it is not valid here and now."""
        return self._signed_user(token) if token.count(".") == len("xy") else self._bootstrap_user(token)

    def _sign(self, claims: Object) -> str:
        head = _encode(orjson.dumps({"alg": "ES256", "kid": "sandbox"}))
        body = f"{head}.{_encode(orjson.dumps(claims))}"
        r, s = decode_dss_signature(self.key.sign(body.encode(), _ALGORITHM))
        return f"{body}.{_encode(r.to_bytes(_HALF, 'big') + s.to_bytes(_HALF, 'big'))}"

    def _claims(self, token: str) -> Any:
        try:
            body, _, signature = token.rpartition(".")
            raw = _decode(signature)
            der = encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))
            self.key.public_key().verify(der, body.encode(), _ALGORITHM)
            return orjson.loads(_decode(body.split(".")[1]))
        except (InvalidSignature, ValueError):
            return None

    def _signed_user(self, token: str) -> User | None:
        claims = self._claims(token)
        if not claims or claims.get("exp", float("inf")) <= self._now().timestamp():
            return None
        if ISSUER not in claims.get("aud", []):
            return None
        namespace = look(claims["kubernetes.io"], "namespace")
        account = claims["kubernetes.io"]["serviceaccount"]
        living = self._store.get("serviceaccounts", (namespace, account["name"]))
        if living is None or living["metadata"]["uid"] != account["uid"]:
            return None
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
        return User(claims["sub"], groups, account["uid"], f"JTI={claims['jti']}")

    def _bootstrap_user(self, token: str) -> User | None:
        identifier, _, secret = token.partition(".")
        kept = self._store.get("secrets", ("kube-system", f"bootstrap-token-{identifier}"))
        if kept is None or kept.get("type") != "bootstrap.kubernetes.io/token":
            return None
        data = {name: base64.b64decode(value).decode() for name, value in (kept.get("data") or {}).items()}
        matches = secrets.compare_digest(data.get("token-secret", ""), secret)
        if not matches or data.get("usage-bootstrap-authentication") != "true" or self._is_over(data):
            return None
        extra = [group for group in data.get("auth-extra-groups", "").split(",") if group]
        return User(f"system:bootstrap:{identifier}", ("system:bootstrappers", *extra, "system:authenticated"))

    def _is_over(self, data: dict[str, str]) -> bool:
        ends = data.get("expiration")
        if not ends:
            return False
        moment = datetime.fromisoformat(ends.replace("Z", "+00:00"))
        return moment.astimezone(UTC) <= self._now()
