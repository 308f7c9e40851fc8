"""Steps that meet something which is not ready are waiting, not failing."""

from __future__ import annotations

from collections.abc import Callable

from federation.errors import Conflict, NotReadyYet
from providers.contracts import Progress, Waiting


def patient(step: Callable[[], Progress]) -> Progress:
    """Run a step; a prerequisite that is not there, or another writer who was faster, makes it Waiting."""
    try:
        return step()
    except (NotReadyYet, Conflict) as missing:
        return Waiting(str(missing))
