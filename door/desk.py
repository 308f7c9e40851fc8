"""The desk: every change that a caller may ask for, decided on what is read and written in one piece.

Two writers at the same moment: what the second one decided on has moved, so it reads and decides again. Only who said
what it had read (If-Match) is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from door.desires import (
    Standing,
    as_application,
    fits,
    placed,
    refuse,
    refuse_twice,
    waiting,
    wish_for,
)
from door.documents import Accepted, Decision, DraftApplication
from door.problems import Refusal, not_found
from door.runs import DEPLOY, REMOVE, order, ordered
from door.sight import Sight
from federation.errors import Conflict, SpecInvalid
from federation.spec.catalogue import Knowledge
from federation.spec.federation import Federation
from federation.spec.wishes import with_application, without_application
from registry.changes import Change, WishChange
from registry.generations import Generation
from registry.moving import moves
from registry.orders import Order
from registry.receipts import Receipt
from registry.registry import Registry
from registry.tokens import Token

ATTEMPTS = 10
OK, ACCEPTED = 200, 202


@dataclass(frozen=True)
class Settled:
    """What a request came to.

    Attributes:
        order: The run that is still to be placed; None when nothing changed or nothing can run yet.
        replayed: The answer was given before.
    """

    status: int
    answer: Accepted
    order: Order | None = None
    replayed: bool = False


@dataclass(frozen=True)
class _Decided:
    change: Change
    changed: bool
    applications: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


class Desk:
    """All changes through the door.

    Every method raises Refusal when it does not do what was asked; then nothing was changed. ``match`` is the digest
    that the caller has read, ``receipt`` the idempotency key with what was asked under it.
    """

    def __init__(self, registry: Registry, sight: Sight, knowledge: Knowledge) -> None:
        self._registry = registry
        self._sight = sight
        self._knowledge = knowledge
        self._turn = threading.Lock()

    def deploy(self, caller: Token, federation: str, draft: DraftApplication, receipt: Receipt | None) -> Settled:
        """Take in a new application."""
        owner = _owner(caller, draft)
        refuse_twice(draft)

        def decide() -> _Decided:
            current = self._federation(federation)
            before = self._sight.standing(current, draft.name)
            if before.is_there or (before.leaving and before.owner != owner):
                mine = before.is_there and self._sight.mine(caller, before)
                fix = "change it with PUT" if mine else "choose another name"
                raise Refusal("name-taken", f"the name '{draft.name}' is taken in {federation}", fix)
            return self._wanted(current, draft, owner, before)

        return self._settle(caller, decide, receipt)

    def replace(self, caller: Token, federation: str, draft: DraftApplication, match: str | None) -> Settled:
        """Change an application, or take in a new one."""
        owner = _owner(caller, draft)
        refuse_twice(draft)

        def decide() -> _Decided:
            current = self._federation(federation)
            before = self._sight.standing(current, draft.name)
            if (before.is_there or before.leaving) and not self._sight.mine(caller, before):
                raise Refusal("name-taken", f"the name '{draft.name}' is taken in {federation}", "choose another name")
            _expect(match, self._sight.digest(before))
            keeps = before.owner if before.is_there and draft.owner is None else None
            return self._wanted(current, draft, keeps or owner, before)

        return self._settle(caller, decide, None)

    def remove(self, caller: Token, federation: str, name: str, match: str | None) -> Settled:
        """Take an application back. One that is leaving already is no error."""

        def decide() -> _Decided:
            current = self._sight.current(federation)
            before = self._sight.standing(current, name) if current else Standing(name)
            if current is None or before.owner is None or not self._sight.mine(caller, before):
                raise not_found(f"application {name} in {federation}")
            _expect(match, self._sight.digest(before))
            spec = without_application(current.parsed(), name) if before.running else None
            dropped = (WishChange(name, None, before.wish.digest),) if before.wish else ()
            wanted = order(federation, DEPLOY) if before.running else None
            changed = spec is not None or bool(dropped)
            return _Decided(Change(federation, current.number, spec, dropped, wanted), changed, (name,))

        return self._settle(caller, decide, None)

    def place(self, caller: Token, federation: str, decisions: Iterable[Decision], receipt: Receipt | None) -> Settled:
        """Carry out the decisions of a scheduler: all of them, or none."""
        wanted = tuple(decisions)

        def decide() -> _Decided:
            current = self._federation(federation)
            spec, changes, still = current.parsed(), [], []
            for name in dict.fromkeys(each.application for each in wanted):
                before = self._sight.standing(current, name)
                if not before.is_there or not (caller.may("placements") or self._sight.mine(caller, before)):
                    raise not_found(f"application {name} in {federation}")
                wish = placed(federation, before, (each for each in wanted if each.application == name))
                changes.append(WishChange(name, wish, before.wish.digest if before.wish else None))
                still += [f"{name}/{component}" for component in waiting(wish.document)]
                if wish.complete:
                    spec = with_application(spec, as_application(wish))
            return self._joined(current, spec, tuple(changes), tuple(still))

        return self._settle(caller, decide, receipt)

    def put_federation(self, caller: Token, spec: Federation, match: str | None) -> Settled:
        """Make this a federation's own spec; applications that came through the door stay."""

        def decide() -> _Decided:
            current = self._sight.current(spec.name)
            _expect(match, current.digest if current else None)
            try:
                whole = self._registry.with_wishes(spec)
            except SpecInvalid as error:
                raise Refusal("name-taken", str(error), "leave it out of the spec") from None
            fits(whole, self._knowledge)
            refuse("clusters that stand would be left behind; nothing was changed", moves(self._registry, whole))
            changed = current is None or current.digest != whole.digest
            wanted = order(spec.name, DEPLOY) if changed else None
            return _Decided(Change(spec.name, current.number if current else 0, whole, order=wanted), changed)

        return self._settle(caller, decide, None)

    def remove_federation(self, caller: Token, name: str, match: str | None) -> Settled:
        """Empty a federation and order its teardown; one that is being removed already is no error."""

        def decide() -> _Decided:
            current = self._sight.current(name)
            if current is None:
                raise not_found(f"federation {name}")
            _expect(match, current.digest)
            wanted = order(name, REMOVE)
            empty = current.parsed().emptied()
            change = Change(name, current.number, empty, order=wanted, pinned=True)
            return _Decided(change, current.digest != empty.digest)

        return self._settle(caller, decide, None)

    def _federation(self, name: str) -> Generation:
        """The federation that an application goes into."""
        current = self._sight.current(name)
        if current is None:
            raise not_found(f"federation {name}")
        if not current.document["spec"]["clusters"]:
            raise Refusal("being-removed", f"{name} has no clusters: it is empty, or being removed", "try another one")
        return current

    def _wanted(self, current: Generation, draft: DraftApplication, owner: str, before: Standing) -> _Decided:
        wish = wish_for(current.federation, draft, owner, before)
        spec = with_application(current.parsed(), as_application(wish)) if wish.complete else current.parsed()
        change = WishChange(draft.name, wish, before.wish.digest if before.wish else None)
        still = tuple(f"{draft.name}/{component}" for component in waiting(wish.document))
        return self._joined(current, spec, (change,), still)

    def _joined(
        self, current: Generation, spec: Federation, wishes: tuple[WishChange, ...], still: tuple[str, ...]
    ) -> _Decided:
        name, moves = current.federation, spec.digest != current.digest
        if moves:
            fits(spec, self._knowledge)
        wanted = order(name, DEPLOY) if moves else None
        change = Change(name, current.number, spec if moves else None, wishes, wanted)
        changed = moves or any(each.wish is None or each.wish.digest != each.known for each in wishes)
        return _Decided(change, changed, tuple(each.name for each in wishes), still)

    def _settle(self, caller: Token, decide: Callable[[], _Decided], receipt: Receipt | None) -> Settled:
        """Read, decide and write, until nobody else wrote in between.

        Writers of this door take turns, or one of many could be overtaken by the others again and again.
        """
        for _ in range(ATTEMPTS):
            with self._turn, suppress(Conflict):
                given = self._given(receipt)
                return given or self._commit(caller, decide(), receipt)
        raise Refusal("changed-meanwhile", "others change it faster than this could be done", "send it again")

    def _commit(self, caller: Token, decided: _Decided, receipt: Receipt | None) -> Settled:
        change = decided.change
        status = ACCEPTED if decided.changed or change.order else OK

        def answer(number: int) -> Accepted:
            return Accepted(
                federation=change.federation,
                generation=number,
                changed=decided.changed,
                applications=list(decided.applications),
                waiting=list(decided.waiting),
                run=ordered(change.order) if change.order else None,
            )

        kept = replace(receipt, status=status) if receipt else None
        full = replace(change, receipt=kept, answer=lambda number: answer(number).model_dump(mode="json"))
        done = self._registry.changes.commit(full, f"{caller.owner} by token {caller.id}")
        return Settled(status, answer(done.number), done.order)

    def _given(self, receipt: Receipt | None) -> Settled | None:
        if receipt is None:
            return None
        found = self._registry.receipts.get(receipt.caller, receipt.key)
        if found is None:
            return None
        if found.request != receipt.request:
            detail = "this idempotency key was used for another request within the last day"
            raise Refusal("key-used", detail, "give every new request a key of its own")
        return Settled(found.status, Accepted.model_validate(found.answer), replayed=True)


def _owner(caller: Token, draft: DraftApplication) -> str:
    """Whose an application becomes: an administrator may deploy for others."""
    if draft.owner not in (None, caller.owner) and not caller.may("administrator"):
        raise Refusal("not-allowed", "this token deploys applications of its own owner only", "leave 'owner' out")
    return draft.owner or caller.owner


def _expect(match: str | None, digest: str | None) -> None:
    if match is not None and match != digest and not (match == "*" and digest is not None):
        raise Refusal("precondition-failed", "it is no longer what If-Match names", "read it again, then decide again")
