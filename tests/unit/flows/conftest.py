"""One Prefect of its own for all tests of the executor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prefect.testing.utilities import prefect_test_harness


@pytest.fixture(scope="module")
def prefect() -> Iterator[None]:
    """A Prefect with an empty database."""
    with prefect_test_harness(server_startup_timeout=180):
        yield
