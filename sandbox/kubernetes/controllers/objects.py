"""Reading and making API objects: owners, selectors, conditions, events, quantities' neighbours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.kubernetes.api import Api, ApiError, Object


def now() -> str:
    """The current time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def labels_of(obj: Object) -> dict[str, str]:
    """Labels, empty when there are none."""
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Object) -> dict[str, str]:
    """Annotations, empty when there are none."""
    return obj["metadata"].get("annotations") or {}


def deleting(obj: Object) -> bool:
    """Whether deletion was asked for."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def digest(value: object, length: int = 10) -> str:
    """A short stable name for a JSON value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def owner_ref(owner: Object, *, controller: bool = True) -> Object:
    """A reference that makes garbage collection follow the owner."""
    ref = {"apiVersion": owner["apiVersion"], "kind": owner["kind"]}
    ref |= {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
    return ref | {"controller": True, "blockOwnerDeletion": True} if controller else ref


def controller_of(obj: Object) -> Object | None:
    """The owner reference marked as controller, if any."""
    for ref in obj["metadata"].get("ownerReferences") or ():
        if ref.get("controller"):
            return dict(ref)
    return None


def owned_by(obj: Object, owner: Object) -> bool:
    """Whether ``owner`` controls ``obj``."""
    ref = controller_of(obj)
    return ref is not None and ref["uid"] == owner["metadata"]["uid"]


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy a LabelSelector; a missing selector selects nothing, an empty one everything."""
    if selector is None:
        return False
    exact = (selector.get("matchLabels") or {}).items()
    rules = selector.get("matchExpressions") or ()
    return all(labels.get(k) == v for k, v in exact) and all(holds(rule, labels) for rule in rules)


def holds(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether one requirement (In, NotIn, Exists, DoesNotExist, Gt, Lt) holds for a set of labels."""
    value, values = labels.get(rule["key"]), rule.get("values") or []
    match rule["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and int(value) > int(values[0])
        case "Lt":
            return value is not None and int(value) < int(values[0])
    return False


def condition(obj: Object, kind: str) -> Object | None:
    """The condition of a type in an object's status."""
    for found in obj.get("status", {}).get("conditions") or ():
        if found["type"] == kind:
            return dict(found)
    return None


def is_true(obj: Object, kind: str) -> bool:
    """Whether the condition of a type is there and True."""
    found = condition(obj, kind)
    return found is not None and found["status"] == "True"


def set_condition(obj: Object, kind: str, status: str, reason: str = "", message: str = "", **more: Any) -> bool:
    """Put a condition into an object's status; the transition time moves only with the status.

    Returns:
        Whether anything differs from before.
    """
    conditions: list[Object] = obj.setdefault("status", {}).setdefault("conditions", [])
    new: Object = {"type": kind, "status": status, "reason": reason, "message": message, **more}
    new = {k: v for k, v in new.items() if v != "" or k in ("type", "status")}
    for index, old in enumerate(conditions):
        if old["type"] != kind:
            continue
        same = old["status"] == status
        new["lastTransitionTime"] = old.get("lastTransitionTime", now()) if same else now()
        for stamp in ("lastUpdateTime", "lastHeartbeatTime", "lastProbeTime"):
            if stamp in old and stamp not in more:
                new[stamp] = old[stamp]
        conditions[index] = new
        return new != old
    conditions.append(new | {"lastTransitionTime": now()})
    return True


def record(api: Api, about: Object, reason: str, message: str, *, kind: str = "Normal", source: str = "") -> None:
    """Write an Event about an object; the same event again only counts up."""
    meta = about["metadata"]
    namespace = meta.get("namespace") or "default"
    name = f"{meta['name']}.{digest([meta.get('uid'), reason, message], 16)}"
    known = api.get("events", name, namespace)
    if known is not None:
        api.patch("events", name, {"count": known.get("count", 1) + 1, "lastTimestamp": now()}, namespace)
        return
    involved = {"apiVersion": about["apiVersion"], "kind": about["kind"], "name": meta["name"]}
    involved |= {k: meta[k] for k in ("namespace", "uid", "resourceVersion") if k in meta}
    event: Object = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": namespace}}
    event |= {"involvedObject": involved, "reason": reason, "message": message, "type": kind, "count": 1}
    event |= {"firstTimestamp": now(), "lastTimestamp": now(), "source": {"component": source}}
    event |= {"reportingComponent": source, "reportingInstance": ""}
    ensure(api, "events", event)


def ensure(api: Api, resource: str, obj: Object) -> Object | None:
    """Create an object unless one of that name is there; returns what is there, None if it may not be created now."""
    meta = obj["metadata"]
    found = api.get(resource, meta["name"], meta.get("namespace"))
    if found is not None:
        return found
    try:
        return api.create(resource, obj)
    except ApiError as error:
        if error.code == 403 and "terminat" in error.message:
            return None
        raise


def without(obj: Object, finalizer: str) -> list[str]:
    """An object's finalizers but one."""
    return [name for name in obj["metadata"].get("finalizers") or () if name != finalizer]


def add_finalizer(api: Api, resource: str, obj: Object, finalizer: str) -> Object:
    """Hold the object until ``drop_finalizer``; safe to repeat."""
    names = obj["metadata"].get("finalizers") or []
    if finalizer in names or deleting(obj):
        return obj
    patch = {"metadata": {"finalizers": [*names, finalizer]}}
    return api.patch(resource, obj["metadata"]["name"], patch, obj["metadata"].get("namespace"))


def drop_finalizer(api: Api, resource: str, obj: Object, finalizer: str) -> None:
    """Let the object go as far as this finalizer is concerned; safe to repeat."""
    if finalizer in (obj["metadata"].get("finalizers") or ()):
        patch = {"metadata": {"finalizers": without(obj, finalizer)}}
        api.patch(resource, obj["metadata"]["name"], patch, obj["metadata"].get("namespace"))


def names_of(objs: Iterable[Object]) -> list[str]:
    """Names, in order."""
    return [obj["metadata"]["name"] for obj in objs]
