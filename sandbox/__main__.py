"""``python -m sandbox serve``: the sandbox as a process."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from sandbox.pacing import PROFILES
from sandbox.serve import CannotServe, Options, parse_network, serve


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and serve; 2 when the sandbox will not start."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="An emulated world behind real sockets.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("serve", help="serve until SIGTERM")
    command.add_argument("--state-dir", type=Path, required=True, help="folder for all state; made when missing")
    command.add_argument("--network", help="loopback /16 for all addresses (default: as before, or the first free one)")
    command.add_argument("--pacing", choices=PROFILES, help="how long slow things take (default: as before, or fast)")
    command.add_argument("--port", type=int, default=5000, help="of OpenStack, charts and control; 0 for any")
    chosen = parser.parse_args(arguments)
    try:
        network = parse_network(chosen.network) if chosen.network else None
        asyncio.run(serve(Options(chosen.state_dir, network, chosen.pacing, chosen.port)))
    except CannotServe as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
