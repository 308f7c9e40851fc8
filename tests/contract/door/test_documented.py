"""The lines of docs/door.md do what it says."""

from __future__ import annotations

import os
import re
import subprocess

from tests.contract.door.test_described import ROOT

BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_every_curl_line_of_the_guide_is_taken(house):
    """In their order, each answered with success."""
    blocks = BLOCK.findall((ROOT / "docs" / "door.md").read_text())
    callers = {"DOOR": house.url, "TNO": house.tokens["tno"], "ARO": house.tokens["scheduler"], "no_proxy": "*"}
    for block in blocks:
        argv = ["bash", "-euc", block]
        ended = subprocess.run(argv, env=os.environ | callers, capture_output=True, text=True, check=False, timeout=60)
        assert ended.returncode == 0, f"{block}\n{ended.stdout}\n{ended.stderr}"
    assert len(blocks) == 3
