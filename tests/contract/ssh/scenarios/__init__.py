"""What is asked of every SSH server, by room; each room's answers are one golden file."""

from __future__ import annotations

from tests.contract.ssh.observing import Scenario
from tests.contract.ssh.scenarios import commands, doors, endings, files, sharing, words

SCENARIOS: dict[str, dict[str, Scenario]] = {
    room: {scenario.__name__: scenario for scenario in module.SCENARIOS}
    for room, module in (
        ("commands", commands),
        ("words", words),
        ("files", files),
        ("doors", doors),
        ("endings", endings),
        ("sharing", sharing),
    )
}
