"""The real API server: which one it is, or why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.kubernetes.backends import real_server
from tests.proving.building import Missing, find, pinned


def test_real_api_server_is_the_pinned_one(tmp_path: Path) -> None:
    """What was built says the version that it was built from."""
    try:
        programs = find()
    except Missing as reason:
        pytest.skip(f"no real API server: {reason}")
    with real_server(programs, tmp_path) as server:
        assert programs.origin != "the cache" or server.version == pinned()
