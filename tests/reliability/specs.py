"""Bad input: specs that are malformed or mean harm, each judged in a process with bounds. ``trial`` tries 10,000."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.reliability.chapters import Chapter
from tests.reliability.hostile.judging import MAX_MAKING_S, MAX_MEMORY_MIB, MAX_READING_S
from tests.reliability.hostile.strings import MARKER

ROOT = Path(__file__).parents[2]
FULL, SMALL = 10_000, 300
_CHUNK = 250
_WORKERS = 2

REPAIRED = """
Lines of problems such as :100: were printed as emoji by the terminal library; it is told not to.
A key with line breaks or control characters was printed as it is: it forged lines and commanded the screen.
A small file with 60,000 wrong entries was not refused within four minutes and took 968 MiB: 100 problems are told.
Large specs took up to 67 s to be read: 2 million characters, 50,000 values and 20,000 machines are the most now.
A file that does not end, such as a device, was read without end: no more than the limit is read.
A file that is no UTF-8 was refused with the number of a byte: now with line, column and what to do.
Durations were accepted with a line break behind them, in digits of other scripts, and of any length.
Versions and quantities were accepted in digits of other scripts.
Names of clouds, inventories and kubeconfigs were accepted that no Prefect block can have, with '/', '?' and '..'.
Paths of an ingress were accepted with quotes, braces and semicolons, which nginx writes into its configuration.
Keys of secrets, prefixes of labels and versions of charts were accepted that Kubernetes or Helm refuse.
Commands, arguments and environment were accepted with NUL and megabytes of text, which no process can be given.
Some refusals had no fix: wrong forms in maps with free keys, ranges of addresses, forms of peerings, long texts.
""".strip().splitlines()


_HOW = f"""
Good specs are mutated by a grammar from a seed; each is read at the door of the command line, with at most
{MAX_READING_S:g} s of processor time and {MAX_MEMORY_MIB:g} MiB. It has to be refused with place and fix in plain
lines; or everything that is made of it (plan, pictures, manifests, chart values, files of machines) has to hold its
texts as data, within {MAX_MAKING_S:g} s. No command, no connection, no traceback.
Repeat one by `python -m tests.reliability.hostile.worker SEED 1 FOLDER`.
""".strip()


@dataclass
class Tally:
    """What came of the specs of one kind."""

    tried: int = 0
    accepted: int = 0
    slowest_s: float = 0.0
    most_mib: float = 0.0
    failed: list[str] = field(default_factory=list)

    def add(self, record: dict[str, Any]) -> None:
        """Count one verdict."""
        self.tried += 1
        self.accepted += record["outcome"] == "accepted"
        self.slowest_s = max(self.slowest_s, record["reading_s"])
        self.most_mib = max(self.most_mib, record["memory_mib"])
        if record["faults"]:
            self.failed.append(f"seed {record['seed']} ({record['kind']}): {'; '.join(record['faults'])[:300]}")


def trial(full: bool) -> Chapter:
    """Try specs of consecutive seeds."""
    count = FULL if full else SMALL
    tallies = tally(verdicts(count))
    failed = [line for each in tallies.values() for line in each.failed]
    return Chapter(
        name="specs",
        title="Malformed and hostile specs",
        date=datetime.now(UTC).date().isoformat(),
        how=_HOW,
        tried=sum(each.tried for each in tallies.values()),
        passed=sum(each.tried - len(each.failed) for each in tallies.values()),
        headers=("mutation", "tried", "accepted", "refused", "slowest reading", "most memory"),
        rows=tuple(_row(name, each) for name, each in sorted(tallies.items())),
        failed=tuple(failed[:50]),
        repaired=tuple(REPAIRED),
        order=60,
    )


def _row(name: str, each: Tally) -> tuple[str, ...]:
    refused = each.tried - each.accepted
    return (
        name,
        str(each.tried),
        str(each.accepted),
        str(refused),
        f"{each.slowest_s:.2f} s",
        f"{each.most_mib:.0f} MiB",
    )


def tally(records: Iterable[dict[str, Any]]) -> dict[str, Tally]:
    """Verdicts by kind."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for record in records:
        tallies[record["kind"]].add(record)
    return tallies


def verdicts(count: int) -> Iterator[dict[str, Any]]:
    """A verdict for each seed below ``count``, a few processes at a time."""
    chunk = min(_CHUNK, -(-count // _WORKERS))
    with ThreadPoolExecutor(_WORKERS) as pool:
        parts = [(first, min(chunk, count - first)) for first in range(0, count, chunk)]
        for records in pool.map(lambda part: list(_judged(*part)), parts):
            yield from records


def _judged(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Verdicts of one range; a process that ends early is a fault of the spec it was at, and another goes on."""
    while count > 0:
        records, at = _run(first, count)
        yield from records
        if at is not None:
            yield _ended(at)
        done = len(records) + (at is not None)
        first, count = first + done, count - done


def _run(first: int, count: int) -> tuple[list[dict[str, Any]], int | None]:
    """Verdicts of one process, and the seed at which it ended too early."""
    with tempfile.TemporaryDirectory(prefix="flotilla-specs-") as folder:
        argv = [sys.executable, "-m", "tests.reliability.hostile.worker", str(first), str(count), folder]
        process = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        lines = [json.loads(line) for line in process.stdout.splitlines() if line.endswith("}")]
        records = [line for line in lines if "outcome" in line]
        if (Path(folder) / MARKER).exists():
            records[-1]["faults"].append("something ran the text of a spec: its marker file is there")
    begun = [line["seed"] for line in lines if "begun" in line]
    if not begun:
        raise RuntimeError(f"the judge does not start: {process.stderr[-2000:]}")
    return records, begun[-1] if len(begun) > len(records) else None


def _ended(seed: int) -> dict[str, Any]:
    faults = ["the process ended: by its bounds of time or memory, or by a crash"]
    return {"seed": seed, "kind": "crash", "outcome": "broken", "faults": faults, "reading_s": 0.0, "memory_mib": 0.0}
