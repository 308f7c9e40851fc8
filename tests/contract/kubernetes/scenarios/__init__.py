"""What is asked of every API server, by room; each room's answers are one golden file."""

from __future__ import annotations

from tests.contract.kubernetes.observing import Scenario
from tests.contract.kubernetes.scenarios import (
    custom,
    doors,
    federations,
    kinds,
    objects,
    patches,
    reading,
    refusals,
)

SCENARIOS: dict[str, dict[str, Scenario]] = {
    room: {scenario.__name__: scenario for scenario in module.SCENARIOS}
    for room, module in (
        ("objects", objects),
        ("refusals", refusals),
        ("patches", patches),
        ("reading", reading),
        ("kinds", kinds),
        ("doors", doors),
        ("custom", custom),
        ("federations", federations),
    )
}
