"""Golden files of controllers: what a real control plane makes of every scenario.

``python -m tests.contract.controllers.golden [ROOM/SCENARIO ...]`` records; without names all of them.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from tests.contract.controllers.backends import ControlPlane, real_plane
from tests.contract.controllers.observing import Scene
from tests.contract.controllers.scenarios import SCENARIOS
from tests.contract.observations.golden import Book, Observation
from tests.proving.control_plane import find

BOOK = Book(Path(__file__).parent)
_numbers = itertools.count()


def observe(
    plane: ControlPlane, room: str, scenario: str, wanted: Mapping[str, Observation], gaps: Collection[str] = ()
) -> dict[str, Observation]:
    """Run a scenario in a namespace of its own, which is removed after it."""
    namespace = f"{room}-{scenario}-{next(_numbers)}".replace("_", "-")
    with plane.server.administrator() as http:
        assert http.post("/api/v1/namespaces", json={"metadata": {"name": namespace}}).status_code == 201
        scene = Scene(plane, http, namespace, wanted, gaps)
        account = scene.path("v1/serviceaccounts", "default")
        scene.wait(lambda: http.get(account).status_code == 200, "the account of the namespace")
        try:
            SCENARIOS[room][scenario](scene)
        finally:
            http.delete(f"/api/v1/namespaces/{namespace}")
    return scene.seen


def _main() -> None:
    with tempfile.TemporaryDirectory() as folder, real_plane(find(), Path(folder)) as plane:
        seen = partial(observe, plane, wanted={})
        print(BOOK.record(plane.server.name, plane.server.version, SCENARIOS, seen, sys.argv[1:]))


if __name__ == "__main__":
    _main()
