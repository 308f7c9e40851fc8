"""One gate per wire and target: every request passes it, is noted in the journal, and may be struck by a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sandbox.faults import OUTSIDE, Action, Faults
from sandbox.journal import Journal, Wire

Names = Callable[[], tuple[str, ...]]


class Gate:
    """Asked before a request is handled.

    Args:
        wire: Which wire it stands on.
        names: All names that faults, partitions and links may know the target by; the first goes into the journal.
        closed: Whether a firewall drops what comes from outside.
    """

    def __init__(
        self, journal: Journal, faults: Faults, wire: Wire, names: Names, closed: Callable[[], bool] = lambda: False
    ) -> None:
        self._journal = journal
        self._faults = faults
        self._wire = wire
        self._names = names
        self._closed = closed

    async def __call__(self, method: str, path: str, mutating: bool, size_bytes: int = 0) -> Action | None:
        """Note the request and say what befalls it; None when nothing does.

        Args:
            size_bytes: Of the body, for links with limited bandwidth.
        """
        names = self._names()
        self._journal.record(self._wire, names[0], method, path, mutating=mutating)
        if mutating and self._faults.halt is not None:
            held = await self._faults.halt.meet(f"{self._wire}/{names[0]} {method} {path}")
            if held is not None:
                return held
        cut = "hang" if self._closed() else self._faults.parted((OUTSIDE,), names)
        if cut is not None:
            return Action(hang=cut == "hang", reset=cut == "refuse")
        action = self._faults.strike(self._wire, names, method, path)
        return self._over_link(action, names, size_bytes)

    def _over_link(self, action: Action | None, names: tuple[str, ...], size_bytes: int) -> Action | None:
        passage = self._faults.links.passage(names, size_bytes)
        if passage is None:
            return action
        action = action or Action()
        return replace(
            action,
            delay_s=action.delay_s + passage.delay_s,
            connect_s=passage.connect_s,
            reset=action.reset or passage.broken,
            answer_s=passage.answer_s,
        )
