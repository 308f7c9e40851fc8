"""Golden files of SSH: what OpenSSH's sshd answered. ``python -m tests.contract.ssh.golden`` records them anew."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.contract.observations.golden import Book, Observation
from tests.contract.ssh.observing import Observer
from tests.contract.ssh.scenarios import SCENARIOS
from tests.proving.machine import Account, RealMachine
from tests.proving.sshd import find

BOOK = Book(Path(__file__).parent)


async def observe(account: Account, room: str, scenario: str) -> dict[str, Observation]:
    """Run a scenario; its files are gone after it."""
    observer = Observer(account)
    await SCENARIOS[room][scenario](observer)
    return observer.seen


def main() -> None:
    """Record."""
    sshd = find()
    with tempfile.TemporaryDirectory() as folder, RealMachine(sshd, Path(folder)) as machine:

        def seen(room: str, scenario: str) -> dict[str, Observation]:
            return asyncio.run(observe(machine.account, room, scenario))

        print(BOOK.record("sshd", sshd.version, SCENARIOS, seen))


if __name__ == "__main__":
    main()
