"""A stage for trials outside of pytest: this process uses its home and its Prefect, as a command does."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flotilla.environment import prepare
from tests.stage.stage import Stage

if TYPE_CHECKING:
    from tests.stage.inside import Inside


@contextmanager
def on_stage(**settings: str) -> Iterator[Inside]:
    """A sandbox and a Prefect server of their own, and flows in this process; all stopped in the end.

    Args:
        settings: More settings of Flotilla by the names of their environment variables.
    """
    prepare()
    with tempfile.TemporaryDirectory(prefix="flotilla-trial-") as folder:
        stage = Stage(Path(folder))
        stage.environment |= settings
        before = dict(os.environ)
        try:
            stage.open()
            mine = {name: text for name, text in stage.environment.items() if name.startswith("FLOTILLA_")}
            os.environ.update({**mine, "PREFECT_API_URL": stage.api})
            yield _inside(stage)
        finally:
            stage.close()
            os.environ.clear()
            os.environ.update(before)


def _inside(stage: Stage) -> Inside:
    from prefect.context import refresh_global_settings_context

    from config.settings import settings
    from tests.stage.inside import Inside

    settings.cache_clear()
    refresh_global_settings_context()
    return Inside(stage)
