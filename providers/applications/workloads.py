"""A component's objects in the home cluster: made, changed, moved and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from clients.kubernetes.api import Object as Manifest
from clients.kubernetes.apply import applied, drifted, ensure, ensure_gone
from clients.kubernetes.readiness import readiness
from clients.kubernetes.resources import (
    CONFIG_MAP,
    INGRESS,
    JOB,
    POD,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
)
from federation.errors import TerminalError
from federation.spec.marks import APPLICATION, COMPONENT, DIGEST
from federation.spec.model import duration_s
from federation.spec.shares import shares_of, workloads_of
from providers.applications.claims import adjust_own_claims, claims_gone, ensure_shared_claims
from providers.applications.exposure import ensure_exposure
from providers.applications.names import WORKLOAD_KINDS, parts_in, workload_kind
from providers.applications.ours import emptied, owned
from providers.applications.pruning import prune_parts, settle
from providers.applications.render_account import render_account
from providers.applications.render_files import render_config_map
from providers.applications.render_workload import render_workload
from providers.applications.rollback import go_back, is_rolled_out, is_stuck, refusal_of
from providers.applications.secrets import ensure_secrets
from providers.applications.stamps import stamp_of, stamped
from providers.applications.troubles import Trouble
from providers.applications.warnings import ending, trouble_of_all
from providers.applications.work import Work
from providers.contracts import Done, Progress, Side, Waiting

Object = Mapping[str, Any]


def deploy(work: Work) -> Progress:
    """Everything of a component; done when every replica of the current generation is available, or a job has ended.

    A changed placement moves the pods: by an update of the one workload, or, where there are several, by making those
    for new clusters first. While pods of the former spec are there, nothing that they need is changed or removed; an
    update that makes no progress within its deadline goes back to them.

    Raises:
        SpecInvalid: A secret has no such key.
        TerminalError: A job has failed, or an update was taken back.
    """
    desired = [render_workload(*work.spec, share) for share in shares_of(work.component, work.home.cluster)]
    refused = _refused(work, desired)
    if refused:
        return _stay(work, refused)
    if not _other_kinds_gone(work):
        return Waiting(f"the former workload of {work.component.name} is being removed")
    ensure_secrets(work)
    _ensure_beside(work)
    lives = [_applied(work, each) for each in desired]
    there = [live for live in lives if live is not None]
    if len(there) < len(lives):
        return Waiting(f"the former {work.component.workload} {work.component.name} is being replaced")
    former = _former(work)
    only_new = bool(former) or any(not is_rolled_out(live) for live in there)
    missing = ensure_exposure(work.home, work.application, work.component, only_new=only_new)
    if missing:
        return Waiting(missing)
    return _finish(work, there, former)


def _finish(work: Work, lives: Sequence[Object], former: Sequence[Object]) -> Progress:
    """All is as it should be; see whether it runs."""
    states = [readiness(live) for live in lives]
    unready = "; ".join(state.message for state in states if not state.ready)
    if unready:
        return _unready(work, lives, former, unready)
    if former:
        return _end(work, former)
    settle(work)
    available = sum(state.available for state in states)
    return Done("it has run to its end" if work.component.kind == "job" else f"{available} available")


def _refused(work: Work, desired: Sequence[Manifest]) -> list[Object]:
    """The workloads that an update went back to, when it is the one that is asked for now."""
    wanted = {_digest(each) for each in desired}
    lives = owned(work.home, workload_kind(work.component), work.namespace, work.selector)
    refusals = [refusal_of(each) for each in lives]
    return lives if any(refusal is not None and refusal.digest in wanted for refusal in refusals) else []


def _stay(work: Work, lives: Sequence[Object]) -> Progress:
    """Keep what an update went back to, as it was applied."""
    for live in lives:
        stamp = stamp_of(live)
        if stamp is not None:
            applied(work.client, stamped(stamp))
    prune_parts(work, frozenset[str]().union(*(parts_in(live) for live in lives)))
    return Done("what ran before the update that failed is kept")


def _former(work: Work) -> list[Object]:
    """The component's workloads that nothing asks for any more: it had another placement."""
    found = owned(work.home, workload_kind(work.component), work.namespace, work.selector)
    return [each for each in found if each["metadata"]["name"] not in workloads_of(work.component)]


def _end(work: Work, former: Sequence[Object]) -> Waiting:
    for each in former:
        ensure_gone(work.client, Kind.of(each), each["metadata"]["name"], work.namespace)
    return Waiting("its pods are leaving where it no longer runs", poll_s=0.5)


def _unready(work: Work, lives: Sequence[Object], former: Sequence[Object], message: str) -> Progress:
    pods, update = work.client.list(POD, work.namespace, labels=dict(work.selector)), work.component.update
    trouble = trouble_of_all(work.client, lives, pods)
    failed = ending([live for live in lives if live["kind"] == JOB.kind], trouble)
    if failed is not None:
        settle(work)
        raise TerminalError(failed.trouble.message, reason="JobFailed")
    now, limit_s = datetime.now(UTC), duration_s(update.progress_deadline)
    if update.rollback and any(is_stuck(live, pods, limit_s, now) for live in lives):
        why = trouble or Trouble(reason="NotAvailable", message=message)
        if go_back(work.home, lives, former, why):
            _stay(work, owned(work.home, workload_kind(work.component), work.namespace, work.selector))
            raise TerminalError(f"went back to what ran before: {why.message}", reason="RolledBack")
    return Waiting(message + (f": {trouble.message}" if trouble else ""))


def _ensure_beside(work: Work) -> None:
    """What pods cannot begin without: files, account, claims that they share."""
    for manifest in (render_config_map(*work.spec), render_account(*work.spec)):
        if manifest is not None:
            ensure(work.client, manifest)
    ensure_shared_claims(work.home, work.application, work.component)
    adjust_own_claims(work.home, work.application, work.component)


def _applied(work: Work, desired: Manifest) -> Object | None:
    """The workload as it is now; None while one that cannot be changed makes room for its successor.

    The template of a Job cannot be changed: a former run is removed. Nor can the claims of a StatefulSet: it is removed
    without its pods, which the next one takes over.
    """
    kind, name = Kind.of(desired), desired["metadata"]["name"]
    live = work.client.get(kind, name, work.namespace) if kind in {JOB, STATEFUL_SET} else None
    if live is not None and kind == JOB and _digest(live) != _digest(desired):
        if not ensure_gone(work.client, kind, name, work.namespace):
            return None
    elif live is not None and kind == STATEFUL_SET and _claims_differ(live, desired):
        if not live["metadata"].get("deletionTimestamp"):
            work.client.delete(kind, name, work.namespace, uid=live["metadata"]["uid"], propagation="Orphan")
        return None
    return applied(work.client, desired)[0]


def _claims_differ(live: Object, desired: Manifest) -> bool:
    now, then = live["spec"].get("volumeClaimTemplates") or [], desired["spec"]["volumeClaimTemplates"]
    return drifted({"items": then}, {"items": now})


def _other_kinds_gone(work: Work) -> bool:
    """A component with a volume of its own for each pod, or one that became a job, is another kind of workload."""
    others = [kind for kind in WORKLOAD_KINDS if kind != workload_kind(work.component)]
    gone = [emptied(work.home, kind, work.namespace, work.selector) for kind in others]
    return all(gone)


def _digest(obj: Object) -> str:
    return str((obj["metadata"].get("annotations") or {}).get(DIGEST, ""))


def delete_component(home: Side, application: str, component: str) -> Progress:
    """Remove a component's objects; done when they and its pods are gone. Claims that are to be kept stay."""
    wanted = {APPLICATION: application, COMPONENT: component}
    kinds = (INGRESS, SERVICE, *WORKLOAD_KINDS, CONFIG_MAP, SERVICE_ACCOUNT)
    gone = [emptied(home, kind, application, wanted) for kind in kinds]
    if not all(gone) or pods_left(home, application, wanted) or not claims_gone(home, application, wanted):
        return Waiting(f"{component} of {application} is being removed")
    return Done(f"{component} of {application} is gone")


def pods_left(home: Side, namespace: str, labels: dict[str, str]) -> bool:
    """Whether pods that a workload made are still there; those without an owner are somebody else's."""
    found = home.kubernetes.list(POD, namespace, labels=dict(labels))
    return any(each["metadata"].get("ownerReferences") for each in found)
