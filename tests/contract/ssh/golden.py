"""Golden files of SSH: what OpenSSH's sshd answered. ``python -m tests.contract.ssh.golden`` records them anew."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.contract.observations.golden import Book, Golden, Observation
from tests.contract.ssh.observing import Observer
from tests.contract.ssh.scenarios import SCENARIOS
from tests.proving.machine import Account, RealMachine
from tests.proving.sshd import Sshd, find

BOOK = Book(Path(__file__).parent)


async def observe(account: Account, room: str, scenario: str) -> dict[str, Observation]:
    """Run a scenario; its files are gone after it."""
    observer = Observer(account)
    await SCENARIOS[room][scenario](observer)
    return observer.seen


async def record(sshd: Sshd, account: Account) -> int:
    """Observe a real server and keep everything; how many observations that is."""
    count = 0
    for room, scenarios in SCENARIOS.items():
        seen = {name: await observe(account, room, name) for name in scenarios}
        BOOK.save(room, Golden("sshd", sshd.version, datetime.now(UTC).date().isoformat(), seen))
        count += sum(len(steps) for steps in seen.values())
    return count


def main() -> None:
    """Record."""
    sshd = find()
    with tempfile.TemporaryDirectory() as folder, RealMachine(sshd, Path(folder)) as machine:
        print(f"{asyncio.run(record(sshd, machine.account))} observations of {sshd.version} recorded")


if __name__ == "__main__":
    main()
