"""``python -m bench [startup] [life] [--clusters 1,3,10] [--pacing demo]``: one JSON line for each measurement."""

from __future__ import annotations

import argparse

from bench import life, startup


def main() -> None:
    """Take the measurements that were asked for; all when none was named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="MEASUREMENT", help="startup, life; default: both")
    parser.add_argument("--clusters", default="1,3,10", help="sizes of the federations to build")
    parser.add_argument("--pacing", default="demo", choices=["instant", "fast", "demo"])
    parser.add_argument("--slower", type=float, default=1.0, help="stretch every wait of the demo pacing by this")
    parser.add_argument("--network", default="127.93.0.0/16", help="loopback /16 of the sandbox")
    asked = parser.parse_args()
    if not asked.measurements or "startup" in asked.measurements:
        startup.measure()
    if not asked.measurements or "life" in asked.measurements:
        sizes = [int(size) for size in asked.clusters.split(",")]
        life.measure(sizes, life.World(asked.network, asked.pacing, asked.slower))


if __name__ == "__main__":
    main()
