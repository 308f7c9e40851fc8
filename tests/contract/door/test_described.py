"""schemathesis drives the door with what its description allows and with what it forbids, and finds nothing.

All at full size takes minutes; with the token of an administrator in DOOR_TOKEN:
``st --config-file tests/contract/door/schemathesis.toml run URL/openapi.json``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
BREADTHS = {
    "edges": ["--phases=coverage", "--exclude-method=PUT", "--exclude-path=/v1/applications"],
    "applications": ["--phases=examples,fuzzing", "--max-examples=2", "--include-path-regex=applications"],
    "federations": ["--phases=examples,fuzzing", "--max-examples=2", "--include-path=/v1/federations/{federation}"],
}
"""Large bodies take long to make: fewer of them."""


@pytest.mark.parametrize("breadth", BREADTHS)
def test_schemathesis_finds_nothing(house, breadth):
    """Every status is documented, every body fits its model, what is forbidden is refused, no token is no way in."""
    program = Path(sys.executable).with_name("st")
    argv = [str(program), "--config-file", str(HERE / "schemathesis.toml"), "run", f"{house.url}/openapi.json"]
    environment = {**os.environ, "DOOR_TOKEN": house.tokens["root"], "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [*argv, *BREADTHS[breadth]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-1000:]
