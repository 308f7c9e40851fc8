"""What every suite of observations does: its golden files, its gaps, its steps, and each scenario run once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pytest

from tests.contract.observations.differing import differences
from tests.contract.observations.golden import Book, Observation

Steps = dict[str, Observation]


class Suite:
    """The recorded scenarios of one kind of server.

    Args:
        book: Its golden files and known gaps.
        scenarios: Names of scenarios, by room.
    """

    def __init__(self, book: Book, scenarios: Mapping[str, Iterable[str]]) -> None:
        self.golden = {room: book.load(room) for room in scenarios}
        self.gaps = book.known_gaps()
        self.played = [(room, scenario) for room, names in scenarios.items() for scenario in names]
        self.steps = [
            pytest.param(room, scenario, step, id=f"{room}/{scenario}/{step}")
            for room, scenario in self.played
            for step in self.golden[room].scenarios.get(scenario, {})
        ]

    def recorded(self, room: str, scenario: str) -> Steps:
        """What a real server answered in a scenario."""
        return self.golden[room].scenarios[scenario]

    def expect_gap(self, request: pytest.FixtureRequest, room: str, scenario: str, step: str) -> None:
        """The sandbox has to differ where it is known to; a gap that closed fails."""
        gap = self.gaps.get(f"{room}/{scenario}/{step}")
        if gap:
            request.applymarker(pytest.mark.xfail(reason=gap, strict=True))

    def unknown_gaps(self) -> set[str]:
        """Gaps that name no observation."""
        return set(self.gaps) - {str(param.id) for param in self.steps}


class Seen:
    """Scenarios that ran on one server, each once.

    Args:
        suite: What was recorded.
        observe: Runs a scenario of a room.
    """

    def __init__(self, suite: Suite, observe: Callable[[str, str], Steps]) -> None:
        self._suite = suite
        self._observe = observe
        self._seen: dict[tuple[str, str], Steps] = {}

    def steps(self, room: str, scenario: str) -> Steps:
        """What the server answered in a scenario."""
        if (room, scenario) not in self._seen:
            self._seen[room, scenario] = self._observe(room, scenario)
        return self._seen[room, scenario]

    def differences(self, room: str, scenario: str, step: str) -> list[str]:
        """Where one observation is not what was recorded."""
        return differences(self._suite.recorded(room, scenario)[step], self.steps(room, scenario).get(step))
