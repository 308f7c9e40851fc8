"""Observations: what a cloud's services answered, without what differs from run to run and from cloud to cloud.

A scenario sends requests one after the other; each answer, normalised, is one observation. Not compared are the order
of Neutron's lists, which a real one leaves to its database, the numbers by which it counts its own revisions, and what
agents on machines would add: the real cloud of the proving ground has none.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import httpx

from tests.contract.observations.golden import Observation
from tests.contract.openstack.backends import Ground
from tests.contract.sandbox.process import eventually

ROOTS = {"identity": "/v3/", "compute": "/v2.1/", "network": "/v2.0/", "image": "/v2/"}
NEWEST = "2.93"
_HEADERS = ("location", "www-authenticate", "openstack-api-version", "x-openstack-nova-api-version")
_UNORDERED = ("network",)
_LEFT_OUT = frozenset({"availability_zones", "standard_attr_id"})
_TEXTS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z?)"), r"<precise time>\1"),
    (re.compile(r"gAAAAA[\w=-]+"), "<token>"),
    (re.compile(r"\bfa:16:3e(:[0-9a-f]{2}){3}\b"), "<mac>"),
    (re.compile(r"\b127\.\d+\.\d+\.\d+\b(?!/)"), "<public address>"),
    (re.compile(r"\b[0-9a-f]{56}\b"), "<host>"),
    (re.compile(r"(Failed validating '\w+' in schema).*", re.DOTALL), r"\1"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<hex>"),
)
_FIELDS = {"adminPass": "<password>", "secret": "<secret>", "audit_ids": "<audit>", "revision_number": "<revision>"}
_GIVEN = re.compile(r"10\.\d+\.\d+\.(?!1$|50$|51$)\d+")
_ADDRESS = re.compile(r"\b(10\.\d+\.\d+\.)5[01]\b")
_ADDRESSES = ("ip_address", "addr", "fixed_ip_address")

Scenario = Callable[["Observer"], None]
_numbers = itertools.count(1)


class Cloud:
    """Raw HTTP to the services of a cloud with a token of the project."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.http = httpx.Client(timeout=30, trust_env=False)
        answer = self.login(self.password())
        self.token = answer.headers["x-subject-token"]
        record = answer.json()["token"]
        self.project, self.user = record["project"]["id"], record["user"]["id"]
        self.bases = {row["type"]: _base(row) for row in record["catalog"] if row["type"] in ROOTS}

    def close(self) -> None:
        """Close the sockets."""
        self.http.close()

    def password(self, **changed: Any) -> dict[str, Any]:
        """The body of a login with user and password; ``changed`` replaces user, password or project."""
        auth = {**self.ground.auth, **changed}
        domain = {"id": "default"}
        user = {"name": auth["username"], "domain": domain, "password": auth["password"]}
        scope = {"project": {"name": auth["project_name"], "domain": domain}}
        return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}

    def login(self, body: dict[str, Any]) -> httpx.Response:
        """Ask for a token."""
        url = self.ground.auth["auth_url"].rstrip("/").removesuffix("/v3")
        return self.http.post(f"{url}/v3/auth/tokens", json=body)

    def own_words(self, name: str) -> list[tuple[str, str]]:
        """Words of this cloud and this scenario, and what stands for them."""
        auth = self.ground.auth
        words = [(base, f"<{service}>") for service, base in self.bases.items()]
        words += [(name, "<me>"), (self.project, "<project>"), (self.user, "<user>")]
        words += [(f'"{auth[key]}"', '"<lab>"') for key in ("username", "project_name")]
        return sorted(words, key=lambda word: -len(word[0]))


class Observer:
    """Sends requests and keeps what was answered.

    Args:
        cloud: The services.
        name: Prefix of whatever the scenario makes.
    """

    def __init__(self, cloud: Cloud, name: str = "") -> None:
        self.cloud = cloud
        self.name = name or f"obs{next(_numbers)}x"
        self.seen: dict[str, Observation] = {}
        self._asked: set[str] = set()

    def get(self, service: str, path: str, **more: Any) -> Any:
        """Observe a read."""
        return self.request("GET", service, path, **more)

    def post(self, service: str, path: str, body: Any, **more: Any) -> Any:
        """Observe a create or an action."""
        return self.request("POST", service, path, json=body, **more)

    def put(self, service: str, path: str, body: Any, **more: Any) -> Any:
        """Observe a replace."""
        return self.request("PUT", service, path, json=body, **more)

    def delete(self, service: str, path: str, **more: Any) -> Any:
        """Observe a delete."""
        return self.request("DELETE", service, path, **more)

    def request(self, method: str, service: str, path: str, **more: Any) -> Any:
        """Observe any request; ``only`` chooses the part of the answer to keep, ``token`` replaces the project's."""
        only = more.pop("only", None)
        answer = self._send(method, service, path, **more)
        told = _body(answer)
        self._keep(method, service, path, answer, only(told) if only and answer.is_success else told)
        return told

    def until(self, service: str, path: str, done: Callable[[Any], bool], **more: Any) -> Any:
        """Observe a read when its answer is as expected; what came before is not kept."""
        eventually(lambda: done(_body(self._send("GET", service, path, **more))), 60, f"{service} {path}")
        return self.get(service, path, **more)

    def gone(self, service: str, path: str) -> Any:
        """Observe a read when nothing is there any more."""
        eventually(lambda: self._send("GET", service, path).status_code == 404, 60, f"end of {path}")
        return self.get(service, path)

    def _send(self, method: str, service: str, path: str, **more: Any) -> httpx.Response:
        self._asked.update(found[0] for found in _ADDRESS.finditer(json.dumps(more.get("json"))))
        headers = {"X-Auth-Token": more.pop("token", self.cloud.token), **more.pop("headers", {})}
        version = more.pop("version", NEWEST)
        if service == "compute" and version:
            headers["OpenStack-API-Version"] = f"compute {version}"
        root = ROOTS[service] if not path.startswith("/") else ""
        url = f"{self.cloud.bases[service]}{root}{path}"
        return self.cloud.http.request(method, url, headers={k: v for k, v in headers.items() if v}, **more)

    def _keep(self, method: str, service: str, path: str, answer: httpx.Response, body: Any) -> None:
        words = self.cloud.own_words(self.name)
        observation: Observation = {"status": answer.status_code, "body": self._normalised(service, body, words)}
        headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
        if headers:
            observation["headers"] = self._normalised(service, headers, words)
        short = self._normalised(service, {"path": path}, words)["path"]
        self.seen[f"{len(self.seen) + 1:02} {method} {service} {short}"] = observation

    def _normalised(self, service: str, body: Any, words: list[tuple[str, str]]) -> Any:
        text = json.dumps(body)
        for word, instead in words:
            text = text.replace(word, instead)
        # A cloud may give by chance what other scenarios ask for.
        text = _ADDRESS.sub(lambda found: found[0] if found[0] in self._asked else f"{found[1]}99", text)
        return _normalised(json.loads(text), ordered=service not in _UNORDERED)


def _base(row: dict[str, Any]) -> str:
    url = next(end["url"] for end in row["endpoints"] if end["interface"] == "public")
    return str(url).rstrip("/").removesuffix(ROOTS[row["type"]].rstrip("/"))


def _body(answer: httpx.Response) -> Any:
    if answer.content and "json" in answer.headers.get("content-type", ""):
        return answer.json()
    return answer.text


def _normalised(value: Any, *, ordered: bool) -> Any:
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key not in _LEFT_OUT}
        return {_text(key): _field(key, item, ordered=ordered) for key, item in sorted(kept.items())}
    if isinstance(value, list):
        items = [_normalised(item, ordered=ordered) for item in value]
        return items if ordered else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return _text(value) if isinstance(value, str) else value


def _field(key: str, value: Any, *, ordered: bool) -> Any:
    if key in _FIELDS and value not in ("", None):
        return _FIELDS[key]
    if key in _ADDRESSES and isinstance(value, str):
        return _text(_GIVEN.sub("<given address>", value))
    return _normalised(value, ordered=ordered)


def _text(value: str) -> str:
    for pattern, instead in _TEXTS:
        value = pattern.sub(instead, value)
    return value
