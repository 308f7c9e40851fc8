"""Golden files of the cloud: what OpenStack answered. ``python -m tests.contract.openstack.golden`` records them."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path

from tests.contract.observations.golden import Book, Observation
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


def main() -> None:
    """Record."""
    with real_ground(find()) as ground:
        ground.quota(**ROOM)
        with closing(Cloud(ground)) as cloud:
            print(BOOK.record(REAL, ground.version, SCENARIOS, partial(observe, cloud)))


if __name__ == "__main__":
    main()
