"""A door per module; tests give their applications names of their own."""

from __future__ import annotations

import pytest

from tests.contract.door.house import open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An open door with a federation of two clusters."""
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('door')}/registry.db") as opened:
        yield opened
