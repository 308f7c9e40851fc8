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
    parser.add_argument("--only", nargs="+", choices=sorted(CATALOGUE), default=sorted(CATALOGUE), help="add-ons")
    asked = parser.parse_args()
    lives = [life for where in asked.where if where in GROUNDS for life in _run(where, asked.only)]
    write()
    return any(life.again or life.left for life in lives)


def _run(where: str, names: list[str]) -> list[Life]:
    lives: list[Life] = []
    with GROUNDS[where]() as bench:
        version = bench.side.kubernetes.version()
        for name in names:
            lives.append(live(bench, CATALOGUE[name]))
            _keep(where, version, lives)
            print(f"{where}: {lives[-1]}", flush=True)
    return lives


def _keep(where: str, version: str, lives: list[Life]) -> None:
    """Write down what was seen now, beside what was seen of other add-ons before."""
    published = published_files() if where == "real" else frozenset()
    path = KEPT / f"{where}.json"
    kept: list[dict[str, Any]] = json.loads(path.read_text())["lives"] if path.is_file() else []
    rows = {row["addon"]: row for row in kept}
    for life in lives:
        file = f"{CATALOGUE[life.addon].chart}-{life.newer}.tgz"
        rows[life.addon] = {**asdict(life), "published": file in published}
    today = datetime.now(UTC).date().isoformat()
    content = {"date": today, "server": version, "lives": [rows[name] for name in sorted(rows)]}
    KEPT.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
