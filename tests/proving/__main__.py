"""``python -m tests.proving up|down|check``: the real servers that this machine can have.

``make proving-ground`` is ``up``.
"""

from __future__ import annotations

import argparse
import sys

from tests.proving.building import Missing
from tests.proving.servers import SERVERS, down, server, up


def main() -> int:
    """Do what the command line says; 1 when a server that was asked for by name cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.proving", description=__doc__)
    parser.add_argument("what", choices=("up", "down", "check"))
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=f"of {', '.join(SERVERS)}; all without a name")
    parser.add_argument("--within", type=float, metavar="MINUTES", help="begin no server after so many minutes")
    told = parser.parse_args()
    unknown = set(told.servers) - set(SERVERS)
    if unknown:
        parser.error(f"no server is called {', '.join(sorted(unknown))}")
    names = told.servers or list(SERVERS)
    if told.what == "down":
        down(names)
        return 0
    missing = _check(names) if told.what == "check" else up(names, told.within and told.within * 60)
    return int(any(name in missing for name in told.servers))


def _check(names: list[str]) -> dict[str, str]:
    missing: dict[str, str] = {}
    for name in names:
        try:
            server(name).find()
        except Missing as reason:
            missing[name] = str(reason)
        print(f"{SERVERS[name]}: {missing.get(name, 'there')}")
    return missing


if __name__ == "__main__":
    sys.exit(main())
