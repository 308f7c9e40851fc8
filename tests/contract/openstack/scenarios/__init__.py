"""What is asked of every cloud, by room; each room's answers are one golden file."""

from __future__ import annotations

from tests.contract.openstack.observing import Scenario
from tests.contract.openstack.scenarios import compute, identity, networks, ports, routers, servers

SCENARIOS: dict[str, dict[str, Scenario]] = {
    room: {scenario.__name__: scenario for scenario in module.SCENARIOS}
    for room, module in (
        ("identity", identity),
        ("networks", networks),
        ("ports", ports),
        ("routers", routers),
        ("servers", servers),
        ("compute", compute),
    )
}
