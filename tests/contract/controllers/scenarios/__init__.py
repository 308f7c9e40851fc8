"""What is asked of every control plane, by room; what a real one does is one golden file each."""

from __future__ import annotations

from collections.abc import Callable

from tests.contract.controllers.observing import Scene
from tests.contract.controllers.scenarios import clearing, nodes, rollouts, serving, workloads

SCENARIOS: dict[str, dict[str, Callable[[Scene], None]]] = {
    room: {scenario.__name__: scenario for scenario in module.SCENARIOS}
    for room, module in (
        ("rollouts", rollouts),
        ("workloads", workloads),
        ("serving", serving),
        ("clearing", clearing),
        ("nodes", nodes),
    )
}
