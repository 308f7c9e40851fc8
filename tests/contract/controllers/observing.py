"""Observations of controllers: what an object has become once they are done with it.

A scenario changes something and then looks until a condition holds. What it sees then is kept without what is left to
chance: hashes and suffixes of names, addresses of pods, the node that a pod came to, the steps of a set's scaling.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.contract.controllers.backends import ControlPlane
from tests.contract.kubernetes.objects import MERGE, Object
from tests.contract.kubernetes.observing import normalised
from tests.contract.observations.golden import Observation

Condition = Callable[[Any], bool]
_META = ("name", "generateName", "labels", "annotations", "finalizers", "ownerReferences", "generation")
_CHANCE = ("nodeName", "lastHeartbeatTime", "endpoints.kubernetes.io/last-change-trigger-time")
"""Which node, and when: not of interest. Null and absent are the API's own affair."""
_DRAWN = 5
"""Characters that the API server draws for a generated name."""
_HASHES = ("pod-template-hash", "controller-revision-hash")
_TEXTS = (
    (re.compile(r"\b(web|one|two)-[0-9a-z]{6,10}-[0-9a-z]{5}\b"), r"\1-<hash>-<suffix>"),
    (re.compile(r'((?:replica set|ReplicaSet) "?[a-z-]+)-[0-9a-z]{6,10}\b'), r"\1-<hash>"),
    (re.compile(r"\b(db)-[0-9a-z]{8,10}\b"), r"\1-<hash>"),
    (re.compile(r"\b10\.(?:10|210)\.\d+\.\d+\b"), "<pod address>"),
)


@dataclass(frozen=True)
class Patience:
    """How long a condition may take, and how an answer is known to be the last word.

    Attributes:
        condition: Looks until the condition has to hold.
        agreement: Looks after that until the answer has to be the wanted one.
        calm: Looks without a change that end the wait where nothing is wanted.
    """

    condition: int = 600
    agreement: int = 100
    calm: int = 6
    step_s: float = 0.05


@dataclass
class Scene:
    """Changes objects of a namespace and keeps what becomes of them.

    Attributes:
        wanted: What a real cluster has shown at each step; looking goes on until that is seen.
        gaps: Steps at which that is not waited for.
    """

    plane: ControlPlane
    http: httpx.Client
    namespace: str
    wanted: Mapping[str, Observation] = field(default_factory=dict)
    gaps: Collection[str] = ()
    patience: Patience = Patience()
    seen: dict[str, Observation] = field(default_factory=dict)

    def path(self, plural: str, name: str = "") -> str:
        """The path of a collection in the namespace, or of one object; plural as in ``apps/v1/deployments``."""
        version, _, kind = plural.rpartition("/")
        root = f"/apis/{version}" if "/" in version else "/api/v1"
        return "/".join(part for part in (root, "namespaces", self.namespace, kind, name) if part)

    def make(self, plural: str, body: Object) -> Object:
        """Create an object."""
        return self._sent(self.http.post(self.path(plural), json=body))

    def change(self, plural: str, name: str, patch: Object, sub: str = "") -> Object:
        """Change an object by a merge patch."""
        where = self.path(plural, name) + (f"/{sub}" if sub else "")
        return self._sent(self.http.patch(where, content=json.dumps(patch), headers=MERGE))

    def remove(self, plural: str, name: str, propagation: str = "Background", **options: Any) -> None:
        """Ask for the deletion of an object."""
        body = {"propagationPolicy": propagation, **options}
        self._sent(self.http.request("DELETE", self.path(plural, name), json=body))

    def found(self, plural: str, **labels: str) -> list[Object]:
        """What is there now; nothing of it is kept."""
        query = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())}
        items = self._sent(self.http.get(self.path(plural), params=query))["items"]
        return [each for each in items if each["metadata"]["name"] != "kube-root-ca.crt"]

    def read(self, plural: str, name: str) -> Object | None:
        """One object as it is now; nothing of it is kept."""
        answer = self.http.get(self.path(plural, name))
        return None if answer.status_code == 404 else self._sent(answer)

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Go on when a condition holds; nothing is kept."""
        pause = threading.Event()
        for _ in range(self.patience.condition):
            if condition():
                return
            pause.wait(self.patience.step_s)
        raise AssertionError(f"never: {what}")

    def becomes(self, plural: str, name: str, condition: Condition) -> Object:
        """Keep an object once a condition holds; it is called with the object."""
        return self._settled(f"{plural}/{name}", lambda: self._sent(self.http.get(self.path(plural, name))), condition)

    def become(self, plural: str, condition: Condition, **labels: str) -> list[Object]:
        """Keep the objects of a collection once a condition holds; it is called with the list."""
        return self._settled(plural, lambda: self.found(plural, **labels), condition)

    def goes(self, plural: str, name: str) -> None:
        """Keep that an object has gone."""
        self._settled(f"{plural}/{name}", lambda: self.read(plural, name), lambda found: found is None)

    def note(self, what: str, value: Any) -> None:
        """Keep anything that was asked once."""
        self.seen[f"{len(self.seen) + 1:02} {what}"] = self._observation(value)

    def _observation(self, value: Any) -> Observation:
        text = json.dumps(kept(value)).replace(self.namespace, "<namespace>")
        return {"body": json.loads(text)}

    def _settled(self, what: str, look: Callable[[], Any], condition: Condition) -> Any:
        step = f"{len(self.seen) + 1:02} {what}"
        pause, calm, since, last = threading.Event(), 0, 0, None
        for _ in range(self.patience.condition + self.patience.agreement):
            found = look()
            holds = condition(found)
            now = self._observation(found) if holds else None
            calm, since = (calm + 1 if now == last else 0, since + 1) if holds else (0, 0)
            last = now
            if holds and self._is_last_word(step, now, calm, since):
                self.seen[step] = now or {}
                return found
            pause.wait(self.patience.step_s)
        raise AssertionError(f"never at {step}: {json.dumps(kept(found))[:3000]}")

    def _is_last_word(self, step: str, now: Observation | None, calm: int, since: int) -> bool:
        if step in self.wanted and step not in self.gaps:
            return now == self.wanted[step] or since > self.patience.agreement
        return calm >= self.patience.calm

    @staticmethod
    def _sent(answer: httpx.Response) -> Any:
        assert answer.is_success, answer.text
        return answer.json()


def kept(value: Any) -> Any:
    """What is compared of an object, or of each of a list in an order of their own."""
    if isinstance(value, list):
        return sorted((kept(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    if not isinstance(value, dict) or "metadata" not in value:
        return _plain(normalised(value))
    meta = {key: value["metadata"][key] for key in _META if key in value["metadata"]}
    if value["metadata"].get("deletionTimestamp"):
        meta["deleting"] = True
    if not (meta.get("annotations") or {}).keys() - set(_CHANCE):
        meta.pop("annotations", None)
    scaled = "ownerReferences" in meta or "pod-template-hash" in (meta.get("labels") or {})
    if scaled:
        meta.pop("generation", None)
    rest = {key: part for key, part in value.items() if key not in ("metadata", "kind", "apiVersion")}
    if scaled and "observedGeneration" in rest.get("status", {}):
        rest["status"] = {**rest["status"], "observedGeneration": "<generation>"}
    if "template" in rest.get("spec", {}):
        rest["spec"] = {**rest["spec"], "template": rest["spec"]["template"].get("metadata")}
    shown = {"metadata": meta, **(_of_pod(rest) if "nodeName" in _pod_spec(value) else rest)}
    return _plain(normalised(_named(shown)))


def _pod_spec(value: Object) -> Object:
    return value.get("spec") or {} if "containers" in (value.get("spec") or {}) else {}


def _of_pod(rest: Object) -> Object:
    """Of a bound pod only what controllers decide; what its kubelet says is played on both sides."""
    status = rest.get("status") or {}
    return {"bound": bool(rest["spec"].get("nodeName")), "phase": status.get("phase")}


def _named(shown: Object) -> Object:
    """Without what is drawn by lot in names."""
    text = json.dumps(shown)
    labels = shown["metadata"].get("labels") or {}
    for label in _HASHES:
        if label in labels:
            text = text.replace(str(labels[label]).rpartition("-")[2], "<hash>")
    found: Object = json.loads(text)
    meta = found["metadata"]
    if "generateName" in meta and not _is_ordinal(meta["name"].removeprefix(meta["generateName"])):
        meta["name"] = f"{meta['generateName']}<suffix>"
    return found


def _is_ordinal(rest: str) -> bool:
    """Whether a name ends in a stateful set's number; what is drawn by lot has five characters, maybe all digits."""
    return rest.isdigit() and len(rest) < _DRAWN


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in _CHANCE and item is not None}
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, str):
        for pattern, instead in _TEXTS:
            value = pattern.sub(instead, value)
    return value
