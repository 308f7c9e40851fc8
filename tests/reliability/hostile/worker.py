"""``python -m tests.reliability.hostile.worker FIRST COUNT FOLDER``: judge specimens, a line of JSON each."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.reliability.hostile.grammar import specimen
from tests.reliability.hostile.judging import Judge, limit

CPU_PER_SPEC_S = 12
MEMORY_MIB = 2500


def main() -> None:
    """Judge the specimens of a range of seeds."""
    first, count, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]).resolve()
    os.chdir(folder)
    limit(CPU_PER_SPEC_S * count + 30, MEMORY_MIB)
    judge = Judge(folder)
    for seed in range(first, first + count):
        print(json.dumps({"seed": seed, "begun": True}), flush=True)
        print(json.dumps({"seed": seed, **judge.judge(specimen(seed)).record()}), flush=True)


if __name__ == "__main__":
    main()
