"""An update that fails goes back to what ran, and is not tried again until the spec changes or somebody asks.

The former state is not remembered anywhere by us: Kubernetes keeps former revisions (ReplicaSets, ControllerRevisions)
with the annotations of their workload, and those of ours hold the whole manifest. What failed is told by an annotation
of the workload. Source: kubernetes.io, "Deployments", "Rolling Back a Deployment"; kubernetes/kubernetes,
pkg/controller/deployment/util (SetNewReplicaSetAnnotations) and pkg/controller/statefulset (newRevision).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from clients.kubernetes.api import Object as Manifest
from clients.kubernetes.apply import ensure_gone
from clients.kubernetes.readiness import condition
from clients.kubernetes.resources import CONTROLLER_REVISION, REPLICA_SET, STATEFUL_SET, Kind
from federation.spec.marks import DIGEST, REFUSED
from providers.applications.stamps import stamp_of, stamped
from providers.applications.troubles import Trouble
from providers.contracts import Side

Object = Mapping[str, Any]

_REVISION = "deployment.kubernetes.io/revision"
_HASH = "controller-revision-hash"
_LATE = "ProgressDeadlineExceeded"


@dataclass(frozen=True)
class Refusal:
    """An update that failed: its digest, and why."""

    digest: str
    reason: str
    message: str


def refusal_of(workload: Object | None) -> Refusal | None:
    """The update that a workload went back from; None when there is none."""
    text = _annotation(workload, REFUSED) if workload else ""
    try:
        return Refusal(**json.loads(text)) if text else None
    except (TypeError, ValueError):
        return None


def is_stuck(workload: Object, pods: Iterable[Object], limit_s: float, now: datetime) -> bool:
    """Whether the last change of a workload has made no progress within its deadline.

    Args:
        workload: A Deployment, which says so itself, or a StatefulSet.
        pods: All its pods.
        limit_s: The deadline, for a StatefulSet: how long one of its new pods may take until it serves.
        now: The time.
    """
    status = workload.get("status") or {}
    if status.get("observedGeneration", 0) < workload["metadata"].get("generation", 1):
        return False
    if workload["kind"] != STATEFUL_SET.kind:
        return condition(workload, "Progressing").get("reason") == _LATE
    new = [each for each in pods if (each["metadata"].get("labels") or {}).get(_HASH) == status.get("updateRevision")]
    late = [each for each in new if condition(each, "Ready").get("status") != "True" and _age_s(each, now) > limit_s]
    return bool(late) and status.get("currentRevision") != status.get("updateRevision")


def _age_s(obj: Object, now: datetime) -> float:
    born = str(obj["metadata"].get("creationTimestamp", now.isoformat())).replace("Z", "+00:00")
    return (now - datetime.fromisoformat(born)).total_seconds()


def is_rolled_out(workload: Object) -> bool:
    """Whether no pod of a former spec is there any more, and none of them may have to come back."""
    status = workload.get("status") or {}
    if workload["kind"] == "Job":
        return True
    if status.get("observedGeneration", 0) < workload["metadata"].get("generation", 1):
        return False
    if workload["kind"] == STATEFUL_SET.kind:
        return bool(status.get("currentRevision") == status.get("updateRevision"))
    return condition(workload, "Progressing").get("reason") == "NewReplicaSetAvailable"


def go_back(home: Side, workloads: Sequence[Object], former: Sequence[Object], trouble: Trouble) -> bool:
    """Apply what ran before, with a note of what failed.

    Args:
        home: The home cluster.
        workloads: Those that the update made or changed.
        former: Those that it was about to remove.
        trouble: Why it failed.

    Returns:
        Whether anything ran before; nothing is changed when not.
    """
    earlier = [(each, _former_of(home, each)) for each in workloads]
    kept = [*(manifest for _, manifest in earlier if manifest), *filter(None, map(stamp_of, former))]
    if not kept:
        return False
    refusal = Refusal(_annotation(workloads[0], DIGEST), trouble.reason, trouble.message)
    for manifest in kept:
        meta = manifest["metadata"]
        notes = {**meta.get("annotations", {}), REFUSED: json.dumps(asdict(refusal), sort_keys=True)}
        home.kubernetes.apply(stamped({**manifest, "metadata": {**meta, "annotations": notes}}))
    for workload, before in earlier:
        if before is None:
            ensure_gone(home.kubernetes, Kind.of(workload), workload["metadata"]["name"], _namespace(workload))
    return True


def _former_of(home: Side, workload: Object) -> Manifest | None:
    """The manifest that a workload was made from before its last change; None when nothing ran then."""
    revisions = _set_revisions(home, workload) if workload["kind"] == STATEFUL_SET.kind else _revisions(home, workload)
    for revision in revisions:
        if _annotation(revision, DIGEST) not in ("", _annotation(workload, DIGEST)):
            return stamp_of(revision)
    return None


def retry_command(workload: Object) -> str:
    """What makes the next run try a refused update again."""
    meta, kind = workload["metadata"], str(workload["kind"]).lower()
    if kind == "job":
        return f"kubectl delete job {meta['name']} -n {meta['namespace']}"
    return f"kubectl annotate {kind} {meta['name']} -n {meta['namespace']} {REFUSED}-"


def _revisions(home: Side, deployment: Object) -> list[Object]:
    """Former ReplicaSets whose pods serve, the last one first; where all old pods end first, simply the last ones."""
    found = [each for each in home.kubernetes.list(REPLICA_SET, _namespace(deployment)) if _is_owned(each, deployment)]
    found.sort(key=lambda each: -int(_annotation(each, _REVISION) or 0))
    recreated = deployment["spec"].get("strategy", {}).get("type") == "Recreate"
    return [each for each in found[1:] if recreated or (each.get("status") or {}).get("availableReplicas")]


def _set_revisions(home: Side, stateful_set: Object) -> list[Object]:
    """The revision that pods of a StatefulSet still have."""
    current = (stateful_set.get("status") or {}).get("currentRevision")
    found = home.kubernetes.get(CONTROLLER_REVISION, str(current), _namespace(stateful_set)) if current else None
    return [found] if found is not None else []


def _is_owned(obj: Object, owner: Object) -> bool:
    return any(ref.get("uid") == owner["metadata"]["uid"] for ref in obj["metadata"].get("ownerReferences") or ())


def _namespace(obj: Object) -> str:
    return str(obj["metadata"]["namespace"])


def _annotation(obj: Object, key: str) -> str:
    return str((obj["metadata"].get("annotations") or {}).get(key, ""))
