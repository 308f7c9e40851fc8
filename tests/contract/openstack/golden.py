"""Golden files of the cloud: what OpenStack answered. ``python -m tests.contract.openstack.golden`` records them."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.contract.observations.golden import Book, Golden, Observation
from tests.contract.openstack.backends import REAL, ROOM, real_ground
from tests.contract.openstack.observing import Cloud, Observer
from tests.contract.openstack.scenarios import SCENARIOS
from tests.proving.openstack import find

BOOK = Book(Path(__file__).parent)


def observe(cloud: Cloud, room: str, scenario: str) -> dict[str, Observation]:
    """Run a scenario; what it made is gone after it."""
    observer = Observer(cloud)
    SCENARIOS[room][scenario](observer)
    return observer.seen


def record(cloud: Cloud) -> int:
    """Observe a real cloud and keep everything; how many observations that is."""
    count = 0
    for room, scenarios in SCENARIOS.items():
        seen = {name: observe(cloud, room, name) for name in scenarios}
        BOOK.save(room, Golden(REAL, cloud.ground.version, datetime.now(UTC).date().isoformat(), seen))
        count += sum(len(steps) for steps in seen.values())
    return count


def main() -> None:
    """Record."""
    with real_ground(find()) as ground:
        ground.quota(**ROOM)
        with closing(Cloud(ground)) as cloud:
            print(f"{record(cloud)} observations of OpenStack {ground.version} recorded")


if __name__ == "__main__":
    main()
