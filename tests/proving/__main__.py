"""``python -m tests.proving build|check|record``: real servers for contract tests; ``make proving-ground`` builds."""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.proving.building import Missing, Programs, build, find


def main() -> int:
    """Do what the command line says; 1 when a real server cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.proving", description=__doc__)
    parser.add_argument("what", choices=("build", "check", "record"))
    what = parser.parse_args().what
    try:
        programs = find() if what == "check" else build()
        if what == "record":
            _record(programs)
    except Missing as reason:
        print(f"missing: {reason}")
        return 1
    print(f"real API server: {programs.folder} ({programs.origin})")
    return 0


def _record(programs: Programs) -> None:
    from tests.contract.kubernetes.backends import askers_of, real_server
    from tests.contract.kubernetes.golden import record

    with (
        tempfile.TemporaryDirectory() as folder,
        real_server(programs, Path(folder)) as server,
        askers_of(server) as askers,
    ):
        count = record(askers, server.version, datetime.now(UTC).date().isoformat())
    print(f"{count} observations of {server.version} recorded")


if __name__ == "__main__":
    sys.exit(main())
