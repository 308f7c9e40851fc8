"""``python -m tests.addons sandbox|real|report…``: every add-on's life, and docs/addons.md from what is kept."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tests.addons.benches import real_bench, sandbox_bench
from tests.addons.life import CATALOGUE, Life, live
from tests.addons.real_charts import published_files
from tests.addons.report import KEPT, write

GROUNDS = {"sandbox": sandbox_bench, "real": real_bench}


def main() -> int:
    """Run the lives that were asked for; 1 when one of them did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.addons", description=__doc__)
    parser.add_argument("where", nargs="+", choices=(*GROUNDS, "report"), help="report: only write it anew")
    lives = [life for where in parser.parse_args().where if where in GROUNDS for life in _run(where)]
    write()
    return any(life.again or life.left for life in lives)


def _run(where: str) -> list[Life]:
    lives: list[Life] = []
    with GROUNDS[where]() as bench:
        version = bench.side.kubernetes.version()
        for definition in CATALOGUE.values():
            lives.append(live(bench, definition))
            _keep(where, version, lives)
            print(f"{where}: {lives[-1]}", flush=True)
    return lives


def _keep(where: str, version: str, lives: list[Life]) -> None:
    published = published_files() if where == "real" else frozenset()
    rows: list[dict[str, Any]] = []
    for life in lives:
        file = f"{CATALOGUE[life.addon].chart}-{life.newer}.tgz"
        rows.append({**asdict(life), "published": file in published})
    content = {"date": datetime.now(UTC).date().isoformat(), "server": version, "lives": rows}
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{where}.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
